/**
 * Four orders, two connections: a pool lends them in the order they were asked for, `transaction` commits what returns
 * and rolls back what throws or is cancelled. A connection that a cancel left in the middle is checked before the next
 * order gets it.
 *
 *     stallscope run examples/patterns/pool-and-transaction.ts
 */
import { Pool, agent, run, scriptedModel, sleep, team, tool, transaction } from "stallscope";
import { z } from "zod";

const stock = new Map([
  ["lamp", 3],
  ["desk", 1],
]);

/** A connection to a database of one table. Changes show to others once they are committed. */
class Connection {
  static opened = 0;
  readonly #changes = new Map<string, number>();
  readonly number = ++Connection.opened;

  async begin(): Promise<void> {
    this.#changes.clear();
    await sleep(10);
  }

  async take(item: string, count: number): Promise<void> {
    await sleep(30);
    const left = (stock.get(item) ?? 0) - count;
    if (left < 0) throw new Error(`not enough of ${item} in stock`);
    this.#changes.set(item, left);
  }

  async charge(card: string): Promise<void> {
    await sleep(card === "slow-card" ? 5000 : 30);
  }

  async commit(): Promise<void> {
    await sleep(10);
    for (const [item, left] of this.#changes) stock.set(item, left);
    console.log(`committed on connection ${this.number}: ${[...this.#changes.keys()].join(", ")}`);
  }

  async rollback(): Promise<void> {
    await sleep(10);
    console.log(`rolled back on connection ${this.number}`);
    this.#changes.clear();
  }
}

const database = new Pool<Connection>({
  name: "database",
  max: 2,
  async create() {
    await sleep(30);
    return new Connection();
  },
  destroy: (connection) => console.log(`connection ${connection.number} closed`),
  validate: () => true,
});

const placeOrder = tool({
  name: "place_order",
  description: "Takes an item from the stock and charges a card, both or neither.",
  input: z.object({ item: z.string(), count: z.number(), card: z.string() }),
  timeout: 800,
  async run({ item, count, card }) {
    await transaction(database, async (connection) => {
      await connection.take(item, count);
      await connection.charge(card);
    });
    return `${count} ${item} ordered`;
  },
});

function buyer(name: string, item: string, count: number, card = "card") {
  const order = { toolCalls: [{ name: "place_order", input: { item, count, card } }] };
  return agent({ name, tools: [placeOrder], model: scriptedModel([order, "Done what could be done."]) });
}

await run(async () => {
  const shop = team.fanOut({
    name: "shop",
    members: [
      buyer("ann", "lamp", 2),
      buyer("ben", "desk", 1, "slow-card"),
      buyer("cem", "lamp", 5),
      buyer("dea", "lamp", 1),
    ],
  });
  const { members } = await shop.run("Order.");
  for (const member of members) {
    if (member.status === "failed") throw member.error;
    for (const { status, output, error } of member.result.toolResults) {
      console.log(`${member.agent}: ${status}, ${JSON.stringify(output) ?? (error as Error).message}`);
    }
  }
  console.log(`in stock: ${[...stock].map(([item, count]) => `${count} ${item}`).join(", ")}`);
});
