/**
 * One controller, several requests: who asked, why, and how long each took to settle.
 *
 *     stallscope run examples/cancellation.ts
 */
import { setTimeout as pause } from "node:timers/promises";
import { modelBeside } from "./model-server/beside.ts";

await using model = await modelBeside(import.meta.url);
const user = new AbortController();
const signal = AbortSignal.any([user.signal, AbortSignal.timeout(5000)]);

async function fetchPage(name: string, after: number): Promise<string> {
  const response = await fetch(`${model.url}/pages/${name}?after=${after}`, { signal });
  return response.text();
}

const pages = [fetchPage("first", 100), fetchPage("second", 3000), fetchPage("third", 3000)];
await pause(400);
user.abort(new Error("the user pressed stop"));
for (const outcome of await Promise.allSettled(pages)) {
  console.log(
    outcome.status === "fulfilled" ? `${outcome.value.length} characters` : `stopped: ${String(outcome.reason)}`,
  );
}
