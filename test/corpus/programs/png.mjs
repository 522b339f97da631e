/** Reads a screenshot with pngjs. */
import { PNG } from "pngjs";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/png.mjs");

function screenshot(rows) {
  const image = new PNG({ width: 400, height: rows });
  for (let index = 0; index < image.data.length; index++) image.data[index] = (index * 31 + (index >> 9)) & 255;
  return PNG.sync.write(image);
}
function readPixels(bytes) {
  return PNG.sync.read(bytes).data.length;
}

const bytes = screenshot(await truth.size("screenshot", 200, readPixels, screenshot));
await truth.pause();
truth.stall("screenshot", { function: "readPixels", package: "pngjs", cause: ["own-code", "native"] }, () =>
  readPixels(bytes),
);
await truth.pause();
