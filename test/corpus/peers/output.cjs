/** Where a peer's adapter writes what the peer reported: one JSON line each, at exit. */
const { appendFileSync } = require("node:fs");

/** @type {object[]} */
const lines = [];
process.once("exit", () => {
  if (process.env["PEER_REPORTS"] === undefined || lines.length === 0) return;
  appendFileSync(process.env["PEER_REPORTS"], lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
});

/** @param {object} line */
exports.report = (line) => lines.push(line);
