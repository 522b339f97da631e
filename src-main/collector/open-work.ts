/**
 * Requests and model calls that are under way, for their signs of life: an answer's headers, a chunk, the end. Of each
 * sign it is said since when it was to be expected, as far as the stream's own pace tells.
 */
import { nanos, type Nanos } from "../../src-runtime/protocol/time.ts";
import type { SessionEvent } from "./session.ts";
import type { LateWork } from "./late-work.ts";

const KEPT = 10_000;
/** How much the latest gap counts in the usual one, and how much longer than that it is taken for at most. */
const SHARE = 0.25;
const LONGEST = 2;
/** Chunks after which the pace is known. */
const MIN_CHUNKS = 2;

interface Work {
  readonly name: string;
  readonly parent: number;
  readonly opened: Nanos;
  /** The last sign of life. */
  last: Nanos;
  chunks: number;
  /** Between chunks, usually. Nanoseconds. */
  gap: number;
}

type About = Extract<SessionEvent, { kind: "start" | "progress" | "end" }>;

export interface OpenWork {
  /** What the event shows to be alive, if anything. */
  apply(event: About): LateWork | undefined;
}

export function createOpenWork(): OpenWork {
  const open = new Map<number, Work>();

  function sign(task: number, { name, parent, opened, last, chunks, gap }: Work, ran: Nanos): LateWork {
    const due = nanos(chunks < MIN_CHUNKS ? opened : last + gap);
    return {
      kind: chunks > 0 ? "stream" : "request",
      name,
      task,
      due,
      ran,
      exact: false,
      cancelled: 0,
      parent,
      opened,
    };
  }

  function chunk(work: Work, at: Nanos): void {
    if (work.chunks > 0) {
      const gap = at - work.last;
      work.gap = work.chunks === 1 ? gap : work.gap + SHARE * (Math.min(gap, LONGEST * work.gap) - work.gap);
    }
    work.chunks++;
    work.last = at;
  }

  return {
    apply(event) {
      const { task, at } = event;
      if (event.kind === "start") {
        const { name, parent, taskKind, origin } = event;
        if (taskKind !== "request" && taskKind !== "model") return undefined;
        // A request to the program had come before it was heard.
        if (origin === "http-server")
          return { kind: "request", name, task, due: nanos(0), ran: at, exact: false, cancelled: 0, parent };
        open.set(task, { name, parent, opened: at, last: at, chunks: 0, gap: 0 });
        if (open.size > KEPT) open.delete(open.keys().next().value as number);
        return undefined;
      }
      const work = open.get(task);
      if (work === undefined) return undefined;
      if (event.kind === "end") {
        open.delete(task);
        return event.outcome === "cancelled" ? undefined : sign(task, work, at);
      }
      if (event.progress !== "headers" && event.progress !== "chunk") return undefined;
      const seen = sign(task, work, at);
      if (event.progress === "chunk") chunk(work, at);
      return seen;
    },
  };
}
