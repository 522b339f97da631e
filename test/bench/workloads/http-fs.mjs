// JSON over HTTP and file reads in one process, a set number of each. Writes its own CPU time (all threads) and wall
// time in milliseconds to the file named by BENCH_RESULT.
import { readFile } from "node:fs/promises";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const requests = Number(process.argv[2] ?? 4000);
const concurrency = 8;
const body = JSON.stringify({
  messages: Array.from({ length: 40 }, (_, id) => ({ id, role: "user", content: "x".repeat(80) })),
});

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { messages } = JSON.parse(Buffer.concat(chunks).toString());
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ count: messages.length, messages }));
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;

async function client(count) {
  for (let index = 0; index < count; index++) {
    const answer = await fetch(url, { method: "POST", body });
    const { count: messages } = await answer.json();
    if (messages !== 40) throw new Error("wrong answer");
    await readFile(fileURLToPath(import.meta.url));
  }
}

await client(200);
const cpu = process.cpuUsage();
const start = performance.now();
await Promise.all(Array.from({ length: concurrency }, () => client(requests / concurrency)));
const { user, system } = process.cpuUsage(cpu);
writeFileSync(
  process.env.BENCH_RESULT,
  JSON.stringify({ cpuMs: (user + system) / 1000, wallMs: performance.now() - start }),
);
server.closeAllConnections();
server.close();
