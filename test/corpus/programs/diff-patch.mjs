/** Shows what an edit changed with diff. */
import { diffWords } from "diff";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/diff-patch.mjs");

function showChanges(before, after) {
  return diffWords(before, after).length;
}
function changeAll(count) {
  for (let file = 0; file < count; file++) showChanges(words(60, file), words(60, file + 1000));
}

const files = await truth.size("edit", 320, changeAll);
await truth.pause();
truth.stall("edit", { function: "changeAll", package: "diff" }, () => changeAll(files));
await truth.pause();
