/**
 * When others fail: a tool tries a shaky service again with growing pauses (`retry`), the agent does the same with a
 * model that is overloaded, waits as long as it is told to, and at last asks another model (`fallback`).
 *
 *     stallscope run examples/patterns/retries-with-fallback.ts
 */
import { NonRetryableError, agent, run, retry, scriptedModel, sleep, tool } from "stallscope";
import { z } from "zod";

let requests = 0;

/** Down for two requests, as after a restart. */
async function requestRates(currency: string): Promise<number> {
  await sleep(20);
  // Another attempt would not make the currency exist.
  if (currency.length !== 3) throw new NonRetryableError(new Error(`there is no currency ${currency}`));
  if (++requests <= 2) throw new Error("service restarting");
  return 1.08;
}

const exchangeRate = tool({
  name: "exchange_rate",
  description: "The price of a euro.",
  input: z.object({ currency: z.string() }),
  run: ({ currency }) =>
    retry(() => requestRates(currency), {
      retries: 4,
      minTimeout: 40,
      jitter: "none",
      onFailedAttempt: ({ error, attemptNumber }) =>
        console.log(`attempt ${attemptNumber}: ${(error as Error).message}`),
    }),
});

const large = scriptedModel(
  [
    { toolCalls: [{ name: "exchange_rate", input: { currency: "USD" } }] },
    { error: { status: 429, retryAfter: 0.15, message: "slow down" } },
    { error: { status: 503, message: "overloaded" } },
    { error: { status: 503, message: "overloaded" } },
  ],
  { modelId: "large" },
);
const small = scriptedModel(["A euro is 1.08 dollars."], { modelId: "small" });

const banker = agent({
  name: "banker",
  tools: [exchangeRate],
  model: large,
  fallback: [small],
  retry: {
    retries: 2,
    minTimeout: 50,
    jitter: "none",
    onFailedAttempt: ({ error, retriesLeft }) => console.log(`large: ${(error as Error).message}, ${retriesLeft} left`),
  },
});

const { text, steps, degraded } = await run(() => banker.run("What is a euro in dollars?"));
console.log(`answered by ${steps.map(({ model }) => model).join(", then ")}${degraded ? " (degraded)" : ""}`);
console.log(text);
