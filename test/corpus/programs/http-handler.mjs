/** A server that renders synchronously in a request handler while its own client waits. */
import { createServer } from "node:http";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/http-handler.mjs");

function renderRows(rows) {
  const cells = [];
  for (let row = 0; row < rows * 100; row++) {
    let line = "<tr>";
    for (let cell = 0; cell < 6; cell++) line += `<td>${(row * cell) % 97}</td>`;
    cells[row % 500] = line.replaceAll("<td>", "<th>");
  }
  return cells.join("");
}

const rows = await truth.size("render", 190, renderRows);
const server = createServer((request, response) => {
  const page = truth.stall("render", { function: "renderRows" }, () => renderRows(rows));
  response.end(String(page.length));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const response = await fetch(`http://127.0.0.1:${server.address().port}/`);
await response.text();
server.closeAllConnections();
server.close();
await truth.pause();
