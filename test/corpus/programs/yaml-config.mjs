/** Reads a large OpenAPI-like YAML document with yaml. */
import { parse, stringify } from "yaml";
import { openTruth } from "../truth.mjs";
import { records } from "./text.mjs";

const truth = openTruth("programs/yaml-config.mjs");

function loadSpec(text) {
  return parse(text);
}

const spec = (count) => stringify(records(count));
const text = spec(await truth.size("spec", 300, loadSpec, spec));
await truth.pause();
truth.stall("spec", { function: "loadSpec", package: "yaml" }, () => loadSpec(text));
await truth.pause();
