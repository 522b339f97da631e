/** Work of the thread pool: key derivation, compression, files. */
import { pbkdf2 } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { openTruth } from "../truth.mjs";

openTruth("controls/threadpool.mjs");
const own = new URL(import.meta.url);
await promisify(pbkdf2)("secret", "salt", 400_000, 64, "sha512");
await promisify(gzip)(Buffer.alloc(20_000_000, "agent "), { level: 9 });
for (let round = 0; round < 200; round++) await readFile(own);
