/** Server-sent events as a stream. A consumer that leaves closes the connection. */
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describeValue } from "../task/errors.ts";
import type { AgentStream, Emit, Producer, StreamOptions } from "./agent-stream.ts";
import { pumpWeb } from "./pump.ts";
import type { StreamControl } from "./stop-callbacks.ts";
import { stream } from "./stream.ts";

export interface SseEvent {
  /** `message` where the server names none. */
  readonly event: string;
  readonly data: string;
  /** Of this event; undefined where it has none. */
  readonly id: string | undefined;
}

/**
 * The events of an SSE answer, or of its body. Comments, unknown fields and an event cut off by the end are left out,
 * as the standard says. @throws (at the first read) Error for an answer that is not 2xx
 */
export function fromSse(
  source: Response | ReadableStream<Uint8Array | string>,
  options: StreamOptions = {},
): AgentStream<SseEvent> {
  const { body, status } = source as Partial<Response>;
  const isResponse = typeof status === "number";
  if (!isResponse && typeof (source as Partial<ReadableStream> | undefined)?.getReader !== "function") {
    throw new TypeError(`fromSse() needs a Response or a web ReadableStream, not ${describeValue(source)}.`);
  }
  const chunks = isResponse ? body : (source as ReadableStream<Uint8Array | string>);
  const producer: Producer<SseEvent> = async (emit, signal, control) => {
    if (isResponse && (status < 200 || status > 299)) {
      await body?.cancel();
      throw new Error(`The server answered ${status} instead of a stream of events.`, { cause: source });
    }
    if (chunks !== undefined && chunks !== null) await pumpEvents(chunks, signal, control, emit);
  };
  return stream<SseEvent>(producer, { name: "sse", ...options });
}

async function pumpEvents(
  chunks: ReadableStream<Uint8Array | string>,
  signal: AbortSignal,
  control: StreamControl,
  emit: Emit<SseEvent>,
): Promise<void> {
  const decoder = new TextDecoder();
  let parsed: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => void parsed.push(event) });
  await pumpWeb(chunks, signal, control, async (chunk) => {
    parser.feed(typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
    const events = parsed;
    parsed = [];
    for (const { event = "message", data, id } of events) await emit({ event, data, id });
  });
}
