/** Compresses a transcript with zlib's synchronous functions, after an await. */
import { brotliCompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/zlib.mjs");

function archive(text) {
  return gzipSync(text, { level: 9 });
}
function shrink(text) {
  return brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
}
function unpack(bytes, rounds) {
  for (let round = 0; round < rounds; round++) gunzipSync(bytes);
}

const transcript = (count) => words(count * 100);
const long = words((await truth.size("gzip", 300, archive, transcript)) * 100);
const short = words((await truth.size("brotli", 150, shrink, transcript)) * 100);
const packed = gzipSync(words(50_000));
const rounds = await truth.size("gunzip", 100, (count) => unpack(packed, count));
truth.stall("gzip", { function: "archive", cause: "native" }, () => archive(long));
await truth.pause();
truth.stall("brotli", { function: "shrink", cause: "native" }, () => shrink(short));
await truth.pause();
truth.stall("gunzip", { function: "unpack", cause: "native" }, () => unpack(packed, rounds));
await truth.pause();
