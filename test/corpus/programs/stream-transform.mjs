/** A transform that does too much with each chunk of a stream. */
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/stream-transform.mjs");
const text = words(2000);

function redact(chunk, rounds) {
  let out = chunk;
  for (let round = 0; round < rounds; round++)
    out = chunk.replace(/\b(token|model|agent)s?\b/g, (word) => "*".repeat(word.length));
  return out;
}

const rounds = await truth.size("redact", 100, (count) => redact(text, count));
let number = 0;
const redactor = new Transform({
  objectMode: true,
  transform(chunk, _encoding, done) {
    const id = `redact-${number++}`;
    const out = truth.stall(id, { function: "redact" }, () => redact(chunk, rounds));
    setTimeout(done, 60, null, out);
  },
});
await pipeline(Readable.from([text, text, text]), redactor, async (chunks) => {
  for await (const chunk of chunks) chunk.length;
});
await truth.pause();
