/**
 * Several errors at once, each handled by who can: a report goes out on three channels, one refuses, and a message that
 * is called back because of that can't be. Both errors come out as one group; `catchGroup` is the `except*` for it.
 *
 *     stallscope run examples/patterns/exception-groups.ts
 */
import {
  ExceptionGroup,
  agent,
  catchGroup,
  isCancellation,
  run,
  scriptedModel,
  shielded,
  sleep,
  taskGroup,
  tool,
} from "stallscope";
import { z } from "zod";

class RateLimited extends Error {
  override readonly name = "RateLimited";
}

class RecallFailed extends Error {
  override readonly name = "RecallFailed";
}

async function postToChat(): Promise<void> {
  await sleep(80);
  throw new RateLimited("chat takes no more messages for 30 s");
}

async function sendMail(canRecall: boolean): Promise<void> {
  try {
    await sleep(400);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    await shielded(() => sleep(30));
    if (!canRecall) throw new RecallFailed("the mail is out and can't be called back");
    throw error;
  }
}

async function updateWiki(): Promise<void> {
  await sleep(300);
}

const publish = tool({
  name: "publish",
  description: "Publishes a report on chat, by mail and in the wiki.",
  input: z.object({ canRecall: z.boolean() }),
  async run({ canRecall }) {
    try {
      await taskGroup(
        async (group) => {
          group.createTask(postToChat, { name: "chat" });
          group.createTask(() => sendMail(canRecall), { name: "mail" });
          group.createTask(updateWiki, { name: "wiki" });
        },
        { name: "publish" },
      );
      return "published";
    } catch (error) {
      await catchGroup(error)
        .on(RateLimited, ({ errors }) => console.log(`to be tried again: ${errors.join()}`))
        .end();
      // Not reached when there was anything else: what no handler matches is thrown by `end`, as a group again.
      return "published later";
    }
  },
});

const editor = agent({
  name: "editor",
  tools: [publish],
  model: scriptedModel([
    { toolCalls: [{ name: "publish", input: { canRecall: true } }] },
    { toolCalls: [{ name: "publish", input: { canRecall: false } }] },
    "The first report goes out in 30 seconds; of the second a mail is out that should not be.",
  ]),
});

const { text, toolResults } = await run(() => editor.run("Publish both reports."));
for (const { status, output, error } of toolResults) {
  const errors = error instanceof ExceptionGroup ? [...error.leaves()] : [];
  console.log(`publish ${status}: ${[...errors, output ?? ""].join("")}`);
}
console.log(text);
