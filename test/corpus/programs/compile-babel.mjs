/** Parses generated code with @babel/parser. */
import { parse } from "@babel/parser";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/compile-babel.mjs");
const source = (count) =>
  Array.from(
    { length: count },
    (_, index) =>
      `export async function step${index}({ a, b = ${index} }) { for (const x of a) { if (x?.y > b) await x.run(\`n\${b}\`, [...a]); } return { a, b }; }`,
  ).join("\n");

function checkCode(code) {
  return parse(code, { sourceType: "module" }).program.body.length;
}

const code = source(await truth.size("code", 300, checkCode, source));
await truth.pause();
truth.stall("code", { function: "checkCode", package: "@babel/parser" }, () => checkCode(code));
await truth.pause();
