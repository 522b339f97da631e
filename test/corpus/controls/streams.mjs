/** A large stream through compression to nowhere. */
import { createReadStream } from "node:fs";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { openTruth } from "../truth.mjs";

openTruth("controls/streams.mjs");
const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
function* chunks() {
  for (let index = 0; index < 400; index++) yield Buffer.alloc(64 * 1024, index % 250);
}
await pipeline(Readable.from(chunks()), createGzip(), nowhere());
await pipeline(createReadStream(process.execPath), nowhere());
