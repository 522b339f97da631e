/** Many small requests between a server and its client in one process. */
import { createServer } from "node:http";
import { openTruth } from "../truth.mjs";

openTruth("controls/busy-server.mjs");
const server = createServer((request, response) =>
  response.end(JSON.stringify({ url: request.url, list: Array(50).fill(request.method) })),
);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();
for (let round = 0; round < 120; round++) {
  await Promise.all(
    Array.from({ length: 6 }, (_, index) =>
      fetch(`http://127.0.0.1:${port}/${index}`).then((response) => response.json()),
    ),
  );
}
server.closeAllConnections();
server.close();
