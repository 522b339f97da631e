/**
 * Many model calls under two limits: the provider takes ten in a quarter of a second, evenly (`RateLimiter`),
 * and four connections are all there are (`CapacityLimiter`). Who waits, waits in turn.
 *
 *     stallscope run examples/patterns/rate-limited-fan-out.ts
 */
import { CapacityLimiter, RateLimiter, agent, mapConcurrent, now, run, scriptedModel } from "stallscope";

const DOCUMENTS = Array.from({ length: 24 }, (_, index) => `document-${index + 1}`);

const rate = new RateLimiter({ limit: 10, per: 250, burst: 1, name: "provider's rate" });
const connections = new CapacityLimiter(4, { name: "connections" });

const summariser = agent({
  name: "summariser",
  model: scriptedModel(({ number }) => ({ delay: number % 3 === 0 ? 160 : 40, text: `Summary number ${number}.` }), {
    modelId: "small",
  }),
});

/** When each call went out, milliseconds after the first. */
const sentAt: number[] = [];
let most = 0;

async function summarise(document: string): Promise<string> {
  // The connection first: a token of the rate that waits for a connection would be spent for nothing.
  using _connection = await connections.acquire();
  await rate.acquire();
  sentAt.push(now());
  most = Math.max(most, connections.stats.borrowed);
  return (await summariser.run(`Summarise ${document}.`)).text;
}

const summaries = await run(() => mapConcurrent(DOCUMENTS, Infinity, summarise));
const [first = 0] = sentAt;
const early = sentAt.filter((at) => at - first < 250).length;
const took = Math.round((sentAt.at(-1) ?? 0) - first);
console.log(`${summaries.length} summaries, ${most} at a time at most`);
console.log(`${early} calls in the first 250 ms, the last one sent after ${took} ms`);
