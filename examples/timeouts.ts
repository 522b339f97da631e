/**
 * Three ways a deadline ends: in time, too late, and late because the event loop was blocked when it was due.
 *
 *     stallscope run examples/timeouts.ts
 */
import { modelBeside } from "./model-server/beside.ts";

await using model = await modelBeside(import.meta.url);

async function fetchWithin(after: number, limitMs: number): Promise<string> {
  try {
    const response = await fetch(`${model.url}/pages/report?after=${after}`, { signal: AbortSignal.timeout(limitMs) });
    return `${(await response.text()).length} characters`;
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

function busyFor(ms: number): number {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns++;
  return turns;
}

console.log("in time:", await fetchWithin(50, 500));
console.log("too late:", await fetchWithin(800, 200));
const late = fetchWithin(800, 200);
setTimeout(() => busyFor(400), 100);
console.log("late itself:", await late);
