/**
 * Backpressure: a voice reads an answer aloud and is slower than the model that writes it. The stream's buffer lets the
 * model be eight words ahead, then it has to wait; and when the listener hangs up, the model stops at once.
 *
 *     stallscope run examples/patterns/slow-consumer.ts
 */
import { agent, run, scriptedModel, sleep, stream } from "stallscope";

const AHEAD = 8;
const SPEAK_MS = 12;
const STORY = "An agent that streams has two speeds: that of the model, and that of whoever listens to it. ".repeat(4);

const storyteller = agent({
  name: "storyteller",
  model: scriptedModel([STORY, STORY], { chunkSize: 6, chunkDelay: 2 }),
});

/** The answer word by word, as a producer of its own: `emit` waits while the buffer is full. */
const wordsOf = (prompt: string) =>
  stream<string>(
    async (emit) => {
      let word = "";
      for await (const text of storyteller.stream(prompt, { buffer: 0 }).text) {
        for (const part of text.split(/(?<= )/)) {
          word += part;
          if (!part.endsWith(" ")) continue;
          await emit(word);
          word = "";
        }
      }
    },
    { buffer: AHEAD, name: "words" },
  );

await run(async () => {
  const words = wordsOf("Tell me of streams.");
  let [spoken, ahead] = [0, 0];
  for await (const _word of words) {
    await sleep(SPEAK_MS);
    spoken++;
    ahead = Math.max(ahead, words.stats.buffered);
  }
  console.log(
    `${spoken} words spoken; the model was ${ahead} ahead at most and waited ${Math.round(words.stats.pausedMs)} ms`,
  );

  const more = wordsOf("Tell me more.");
  let heard = 0;
  for await (const _word of more) {
    await sleep(SPEAK_MS);
    if (++heard === 10) break;
  }
  console.log(`the listener hung up after ${heard} words; the model had written ${more.stats.chunks}`);
});
