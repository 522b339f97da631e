/**
 * What has been received and not yet folded. Reading comes first: a traced thread that ends waits a moment for its last
 * bytes to be taken, and what it could not get rid of by then is gone. Folding and writing is slower than receiving, so
 * it is done in between, a slice at a time.
 *
 *     socket ──▶ backlog (bounded) ──▶ fold ──▶ file
 */

/** How long one slice takes about, milliseconds, and how long reading may go on before the next. */
const SLICE_MS = 8;
const READ_MS = 40;
/** Above it nothing more is read: the traced threads' own buffers fill, and then they count what they drop. Bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

export interface Backlog {
  /** `work` is done in turn. Whether there is room for more; if not, `whenRoom` calls back. */
  add(bytes: number, work: () => void): boolean;
  whenRoom(callback: () => void): void;
  /** Bytes that are still to be worked on. */
  readonly held: number;
  /** Resolves when there is nothing left to do. */
  done(): Promise<void>;
}

export function createBacklog(most = MOST_BYTES): Backlog {
  let waiting: { readonly bytes: number; readonly work: () => void }[] = [];
  let next = 0;
  let held = 0;
  let isScheduled = false;
  /** Something came since the last look: there may be more to read. */
  let isComing = false;
  let worked = 0;
  let forRoom: (() => void)[] = [];
  let forEnd: (() => void)[] = [];

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(slice);
  }

  function slice(): void {
    isScheduled = false;
    const began = performance.now();
    if (isComing && held <= most && began - worked < READ_MS) {
      isComing = false;
      return schedule();
    }
    const until = began + SLICE_MS;
    for (let item = waiting[next]; item !== undefined; item = waiting[next]) {
      next++;
      held -= item.bytes;
      item.work();
      if (performance.now() > until) break;
    }
    worked = performance.now();
    if (held <= most / 2) forRoom = callAll(forRoom);
    if (next < waiting.length) {
      if (next > 1000) {
        waiting = waiting.slice(next);
        next = 0;
      }
      return schedule();
    }
    waiting = [];
    next = 0;
    forEnd = callAll(forEnd);
  }

  return {
    add(bytes, work) {
      waiting.push({ bytes, work });
      held += bytes;
      isComing = bytes > 0;
      schedule();
      return held <= most;
    },
    whenRoom: (callback) => void forRoom.push(callback),
    get held() {
      return held;
    },
    done: () => (waiting.length === 0 ? Promise.resolve() : new Promise((resolve) => forEnd.push(resolve))),
  };
}

function callAll(callbacks: readonly (() => void)[]): [] {
  for (const callback of callbacks) callback();
  return [];
}
