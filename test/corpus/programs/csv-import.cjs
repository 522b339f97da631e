/** Imports a CSV file with papaparse in a setImmediate callback. */
const Papa = require("papaparse");
const { openTruth } = require("../truth.mjs");
const { words } = require("./text.mjs");

const truth = openTruth("programs/csv-import.cjs");

function table(rows) {
  const lines = Array.from(
    { length: rows },
    (_, index) => `${index},"${words(3, index)}",${index * 1.5},"a ""quoted"" ${index}"`,
  );
  return `id,name,price,note\n${lines.join("\n")}`;
}
function importTable(text) {
  return Papa.parse(text, { header: true, dynamicTyping: true });
}

async function main() {
  const text = table(await truth.size("table", 260, importTable, table));
  await truth.pause();
  setImmediate(() => truth.stall("table", { function: "importTable", package: "papaparse" }, () => importTable(text)));
  await truth.pause();
}
main();
