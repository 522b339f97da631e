/** Parses and writes large JSON in one call each. */
import { openTruth } from "../truth.mjs";
import { records } from "./text.mjs";

const truth = openTruth("programs/json.mjs");

function readResponse(text) {
  return JSON.parse(text);
}
function saveState(state) {
  return JSON.stringify(state);
}

const sample = JSON.stringify(records(1000));
const response = (count) => `[${Array(count).fill(sample).join(",")}]`;
const copies = await truth.size("parse", 250, readResponse, response);
const text = response(copies);
await truth.pause();
const state = truth.stall("parse", { function: "readResponse", cause: ["native", "own-code"] }, () =>
  readResponse(text),
);
await truth.pause();
truth.stall("stringify", { function: "saveState", cause: ["native", "own-code"] }, () => saveState(state));
await truth.pause();
