/**
 * What must not be done by halves: the user presses stop while the agent writes its notes back. `shielded` lets the
 * write end, then the cancel comes through; without it the ticket would be closed and its summary lost.
 *
 *     stallscope run examples/patterns/shielded-write-back.ts
 */
import { TaskCancelledError, agent, run, scriptedModel, shielded, sleep, tool } from "stallscope";
import { z } from "zod";

const WRITE_MS = 120;
const stop = new AbortController();
const writing = Promise.withResolvers<void>();
let stoppedAt = 0;
const store = new Map<string, string>();

function pressStop(): void {
  console.log("the user presses stop");
  stoppedAt = performance.now();
  stop.abort(new Error("the user pressed stop"));
}

// The user, in the middle of the first write.
void writing.promise.then(() => setTimeout(pressStop, WRITE_MS / 2));

async function write(key: string, value: string): Promise<void> {
  await sleep(WRITE_MS);
  store.set(key, value);
  console.log(`written: ${key}`);
}

const closeTicket = tool({
  name: "close_ticket",
  description: "Closes a ticket and keeps a summary of it.",
  input: z.object({ ticket: z.string(), summary: z.string() }),
  async run({ ticket, summary }) {
    writing.resolve();
    await shielded(
      async () => {
        await write(`${ticket}/state`, "closed");
        await write(`${ticket}/summary`, summary);
      },
      // A store that hangs must not hold up the stop for ever.
      { timeout: 2000 },
    );
    // The cancel waited for this: the first wait after the shield throws it.
    await write(`${ticket}/mail`, "Your ticket was closed.");
    return "closed";
  },
});

const clerk = agent({
  name: "clerk",
  tools: [closeTicket],
  model: scriptedModel([
    { toolCalls: [{ name: "close_ticket", input: { ticket: "T-1041", summary: "Deadlines fired late." } }] },
    "Ticket T-1041 is closed.",
  ]),
});

await run(async () => {
  try {
    const { text } = await clerk.run("Close T-1041.", { signal: stop.signal });
    console.log(text);
  } catch (error) {
    if (!(error instanceof TaskCancelledError)) throw error;
    console.log(`the clerk stopped ${Math.round(performance.now() - stoppedAt)} ms later`);
  }
});
console.log(`in the store: ${[...store.keys()].join(", ")}`);
