/** Runs the model server alone: `node examples/model-server/main.ts [--port n]`. Prints its address, ends with its parent. */
import { parseArgs } from "node:util";
import { startModelServer } from "./model-server.ts";

const { values } = parseArgs({
  options: { port: { type: "string", default: "0" }, "chunk-ms": { type: "string", default: "12" } },
});
const server = await startModelServer({ port: Number(values.port), chunkMs: Number(values["chunk-ms"]) });
console.log(server.url);
// Started by an agent: gone when the agent is, however it ended.
process.on("disconnect", () => process.exit(0));
