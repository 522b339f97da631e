/**
 * An answer on time from whoever has answered: results are taken as they come (`asCompleted`), until the deadline, which
 * is a result and no error (`moveOnAfter`). What is still on its way (`wait`) is told so, and cancelled.
 *
 *     stallscope run examples/patterns/partial-results.ts
 */
import {
  agent,
  asCompleted,
  moveOnAfter,
  run,
  scriptedModel,
  sleep,
  taskGroup,
  tool,
  wait,
  type Task,
} from "stallscope";
import { z } from "zod";

const DEADLINE_MS = 300;
/** Milliseconds each takes. */
const SHOPS = { north: 220, south: 80, east: 900, west: 150, harbour: 2500 };

interface Offer {
  readonly shop: string;
  readonly price: number;
}

async function ask(shop: string, after: number): Promise<Offer> {
  await sleep(after);
  return { shop, price: 100 + shop.length * 7 };
}

const comparePrices = tool({
  name: "compare_prices",
  description: "Asks all shops for a price, and answers within 300 ms with what is there.",
  input: z.object({ product: z.string() }),
  run: () =>
    taskGroup(async (group) => {
      const asked: Task<Offer>[] = Object.entries(SHOPS).map(([shop, after]) =>
        group.createTask(() => ask(shop, after), { name: shop }),
      );
      const offers: Offer[] = [];
      const { timedOut } = await moveOnAfter(DEADLINE_MS, async () => {
        for await (const answered of asCompleted(asked)) {
          offers.push(answered.result());
          console.log(`${answered.name} answers: ${answered.result().price} euros`);
        }
      });
      const { pending } = await wait(asked, { timeout: 0 });
      for (const late of pending) late.cancel("the answer is due");
      const missing = [...pending].map(({ name }) => name);
      console.log(timedOut ? `${DEADLINE_MS} ms are over without ${missing.join(" and ")}` : "all have answered");
      return { offers, missing };
    }),
});

const shopper = agent({
  name: "shopper",
  tools: [comparePrices],
  model: scriptedModel([
    { toolCalls: [{ name: "compare_prices", input: { product: "headphones" } }] },
    "West is cheapest, of three shops out of five: two did not answer in time.",
  ]),
});

const { text } = await run(() => shopper.run("Who has the cheapest headphones?"));
console.log(text);
