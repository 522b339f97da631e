/** Decodes a photo with jpeg-js and makes a thumbnail. */
import jpeg from "jpeg-js";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/jpeg.mjs");

function photo(rows) {
  const width = 320;
  const data = Buffer.alloc(width * rows * 4);
  for (let index = 0; index < data.length; index++) data[index] = (index * 7 + (index >> 7)) & 255;
  return jpeg.encode({ data, width, height: rows }, 80).data;
}
function decodePhoto(bytes) {
  return jpeg.decode(bytes, { maxMemoryUsageInMB: 1024 }).data.length;
}

const bytes = photo(await truth.size("photo", 180, decodePhoto, photo));
await truth.pause();
truth.stall("photo", { function: "decodePhoto", package: "jpeg-js" }, () => decodePhoto(bytes));
await truth.pause();
