/**
 * All or nothing: a task group books three things at once. One fails, so the group cancels the others and waits until
 * they have given back what they held; then the error comes out, and the agent can say what happened.
 *
 *     stallscope run examples/patterns/failing-sibling.ts
 */
import { agent, run, scriptedModel, sleep, taskGroup, tool, use } from "stallscope";
import { z } from "zod";

class SoldOut extends Error {
  override readonly name = "SoldOut";
}

interface Hold {
  readonly what: string;
}

/** The provider holds a place, the traveller's data follow, and `release` is told how it ended. */
function book(what: string, answersAfter: number, isFree = true): Promise<string> {
  return use(
    async function hold(): Promise<Hold> {
      await sleep(30);
      console.log(`${what}: held`);
      return { what };
    },
    async () => {
      await sleep(answersAfter);
      if (!isFree) throw new SoldOut(`no ${what} is left`);
      return `${what} booked`;
    },
    async (_hold, outcome) => {
      if (outcome.status === "completed") return;
      // In a cancelled task, and yet nothing interrupts it: a release is shielded.
      await sleep(40);
      console.log(`${what}: given back, ${outcome.status}`);
    },
    { name: what },
  );
}

const bookTrip = tool({
  name: "book_trip",
  description: "Books flight, hotel and car together, or nothing.",
  input: z.object({ city: z.string() }),
  async run({ city }) {
    return taskGroup(
      async (group) => {
        const flight = group.createTask(() => book("flight", 600), { name: "flight" });
        const hotel = group.createTask(() => book("hotel", 400), { name: "hotel" });
        const car = group.createTask(() => book("car", 150, city !== "Lisbon"), { name: "car" });
        return [await flight, await hotel, await car];
      },
      { name: `trip to ${city}` },
    );
  },
});

const travelAgent = agent({
  name: "travel-agent",
  tools: [bookTrip],
  model: scriptedModel([
    { toolCalls: [{ name: "book_trip", input: { city: "Lisbon" } }] },
    "There is no car left in Lisbon, so I booked nothing. Shall I look for a trip without one?",
  ]),
});

const { text, toolResults } = await run(() => travelAgent.run("Book me a trip to Lisbon, with a car."));
for (const { toolName, status, error } of toolResults) console.log(`${toolName} ${status}: ${String(error)}`);
console.log(text);
