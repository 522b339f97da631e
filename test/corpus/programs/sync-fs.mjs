/** Walks and reads a project with synchronous file functions, as coding agents' tools do. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/sync-fs.mjs");
const folder = mkdtempSync(join(tmpdir(), "corpus-fs-"));

function writeProject(files) {
  for (let index = 0; index < files; index++)
    writeFileSync(join(folder, `file-${index % 200}.txt`), "agent ".repeat(2000));
}
function readProject(rounds) {
  for (let round = 0; round < rounds; round++) readFileSync(join(folder, "file-0.txt"), "utf8");
}
function listProject(rounds) {
  let size = 0;
  for (let round = 0; round < rounds; round++)
    for (const name of readdirSync(folder)) size += statSync(join(folder, name)).size;
  return size;
}

mkdirSync(join(folder, "sub"));
writeFileSync(join(folder, "file-0.txt"), words(200_000));
const files = await truth.size("write", 150, writeProject);
const reads = await truth.size("read", 200, readProject);
const lists = await truth.size("list", 120, listProject);
truth.stall("write", { function: "writeProject", cause: "sync-io" }, () => writeProject(files));
await truth.pause();
truth.stall("read", { function: "readProject", cause: "sync-io" }, () => readProject(reads));
await truth.pause();
truth.stall("list", { function: "listProject", cause: "sync-io" }, () => listProject(lists));
await truth.pause();
rmSync(folder, { recursive: true });
