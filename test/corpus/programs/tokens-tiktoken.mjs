/** Counts tokens with js-tiktoken, in a microtask after an await. */
import { getEncoding } from "js-tiktoken";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/tokens-tiktoken.mjs");
await truth.pause();
const encoding = truth.stall("ranks", { function: "loadRanks", package: "js-tiktoken" }, function loadRanks() {
  return getEncoding("cl100k_base");
});
await truth.pause();

function fitsBudget(text, budget) {
  return encoding.encode(text).length <= budget;
}

const text = words(await truth.size("budget", 300, (sample) => fitsBudget(sample, 100), words), 12);
await truth.pause();
truth.stall("budget", { function: "fitsBudget", package: "js-tiktoken" }, () => fitsBudget(text, 8000));
await truth.pause();
