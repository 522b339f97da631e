/** Counts tokens with gpt-tokenizer, as agents do before each call. */
import { encode } from "gpt-tokenizer";
import { openTruth } from "../truth.mjs";
import { words } from "./text.mjs";

const truth = openTruth("programs/tokens-gpt.mjs");

function countTokens(text) {
  return encode(text).length;
}

const history = words(await truth.size("history", 500, countTokens, words), 99);
const message = words(await truth.size("message", 75, countTokens, words), 98);
await truth.pause();
truth.stall("history", { function: "countTokens", package: "gpt-tokenizer" }, () => countTokens(history));
await truth.pause();
truth.stall("message", { function: "countTokens", package: "gpt-tokenizer" }, () => countTokens(message));
await truth.pause();
