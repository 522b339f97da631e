/** A server that renders synchronously in a request handler while its own client waits. */
import { createServer } from "node:http";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/http-handler.mjs");

function renderRows(rows) {
  let page = "";
  for (let row = 0; row < rows * 100; row++) page += `<tr><td>${row}</td><td>${Math.sqrt(row).toFixed(3)}</td></tr>`;
  return page;
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
