/** A run of an agent, part by part, and its result when it is over. */
import { currentScopeOrNone } from "../task/current.ts";
import { TaskCancelledError } from "../task/errors.ts";
import { waitForPromise } from "../task/sleep.ts";
import type { AgentStream } from "../stream/agent-stream.ts";
import { stream } from "../stream/stream.ts";
import type { AgentPart, AgentResult } from "./result.ts";

/** How far the run may be ahead of the reader, parts. */
const BUFFER = 16;

type Emit = (part: AgentPart) => Promise<void>;

/** Read once, with `for await`. */
export class AgentRunStream implements AsyncIterable<AgentPart>, AsyncDisposable {
  readonly #stream: AgentStream<AgentPart>;
  readonly #ended = Promise.withResolvers<AgentResult>();
  readonly #agent: string;
  #isRead = false;

  constructor(agent: string, buffer: number = BUFFER, run: (emit: Emit) => Promise<AgentResult>) {
    this.#agent = agent;
    // Whoever asks for the result is told of an error, and whoever reads the parts.
    this.#ended.promise.catch(() => undefined);
    this.#stream = stream<AgentPart>(
      async (emit) => {
        try {
          this.#ended.resolve(await run(emit));
        } catch (error) {
          this.#ended.reject(error);
          throw error;
        }
      },
      // What is below has its own bounds.
      { buffer, name: `parts of ${agent}`, grace: Infinity },
    );
  }

  [Symbol.asyncIterator](): AsyncIterator<AgentPart, void, undefined> {
    this.#isRead = true;
    const parts = this.#stream[Symbol.asyncIterator]();
    return {
      next: () => parts.next(),
      return: async () => {
        await parts.return?.();
        this.#left();
        return { done: true, value: undefined };
      },
    };
  }

  /** Who waits for the result of a run that never began is told so. */
  #left(): void {
    this.#ended.reject(new TaskCancelledError(`The run of agent ${this.#agent} was left before it began.`));
  }

  /** Only what the model says. */
  get text(): AsyncIterable<string> {
    return textOf(this);
  }

  /**
   * The whole run's result. Where nobody reads the parts, asking for it runs the agent to its end.
   * @throws what the run fails with
   */
  get result(): Promise<AgentResult> {
    return this.#untilEnded();
  }

  async #untilEnded(): Promise<AgentResult> {
    // A reader that starts in the same step comes first.
    await Promise.resolve();
    if (!this.#isRead) for await (const _part of this);
    const scope = currentScopeOrNone();
    return scope === undefined ? this.#ended.promise : waitForPromise(scope, this.#ended.promise, "external");
  }

  /** Ends the run, if it has not ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
    this.#left();
  }
}

async function* textOf(parts: AsyncIterable<AgentPart>): AsyncGenerator<string, void, undefined> {
  for await (const part of parts) if (part.type === "text-delta") yield part.text;
}
