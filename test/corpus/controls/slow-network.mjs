/** Waits for a slow server, in several requests at once. */
import { createServer } from "node:http";
import { openTruth } from "../truth.mjs";

const truth = openTruth("controls/slow-network.mjs");
const server = createServer((request, response) => {
  response.write("start");
  setTimeout(() => response.end("end"), 400);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
for (let round = 0; round < 3; round++) {
  await Promise.all(
    Array.from({ length: 4 }, () => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())),
  );
}
server.closeAllConnections();
server.close();
await truth.pause();
