/** Parses generated code with acorn inside a queueMicrotask callback. */
const acorn = require("acorn");
const { openTruth } = require("../truth.mjs");

const truth = openTruth("programs/compile-acorn.cjs");
const source = (count) =>
  Array.from(
    { length: count },
    (_, index) =>
      `function step${index}(a, b) { var list = a.map(function (x) { return x * ${index} + b; }); return list.length > 3 ? list : [a, b]; }`,
  ).join("\n");

function parseCode(code) {
  return acorn.parse(code, { ecmaVersion: 2024 });
}

async function main() {
  const code = source(await truth.size("code", 450, parseCode, source));
  await truth.pause();
  queueMicrotask(() => truth.stall("code", { function: "parseCode", package: "acorn" }, () => parseCode(code)));
  await truth.pause();
}
main();
