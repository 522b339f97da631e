/**
 * The watchdog's way to the blocked thread: an inspector session by which it asks the hidden function of `capture.ts`.
 *
 * A Node built without the inspector, or that is not let near it (`--permission`), leaves stalls without stacks: that is
 * said once, and nothing is asked any more.
 */
import type * as Inspector from "node:inspector";
import type { SourceMapMessage } from "../protocol/message.ts";
import { CAPTURE_PROPERTY, type CaptureAnswer } from "./capture.ts";
import type { Place } from "./loader-places.ts";

/** Places in the sources that are remembered, so that a stack that comes again is not asked for again. */
const MAX_PLACES = 2000;

export interface Capture {
  busy(): boolean;
  /** `answered` is called with every answer, `done` if there is something in it. */
  take(
    now: () => number,
    done: (answer: CaptureAnswer, at: number, tookMs: number) => void,
    answered?: (at: number) => void,
  ): void;
  /** The loader's source maps of scripts not asked for before: they go out before the stack that needs them. */
  takeSourceMaps(frames: CaptureAnswer["frames"], done: (maps: readonly SourceMapMessage[]) => void): void;
  /** The frames with their places in the sources, as the loader's formatter of stacks tells them. */
  mapPlaces(frames: CaptureAnswer["frames"], done: (frames: CaptureAnswer["frames"]) => void): void;
  /** Lets go of the thread, answered or not. */
  release(): void;
  /** No more captures. */
  stop(): void;
}

/**
 * Connected only while an answer is awaited: a process that ends itself meanwhile (`process.kill` of its own id,
 * `process.reallyExit`) says on its stderr that it waits for the debugger to disconnect.
 */
export function createCapture(openSession: () => Inspector.Session, refused: (why: string) => void): Capture {
  const asked = new Set<string>();
  const places = new Map<string, Place>();
  let session: Inspector.Session | undefined;
  let pending = 0;
  let stopped = false;

  function connected(): Inspector.Session | undefined {
    if (session !== undefined) return session;
    try {
      session = openSession();
    } catch (error) {
      stopped = true;
      const { code, message } = error as NodeJS.ErrnoException;
      refused(code ?? message);
    }
    return session;
  }

  function disconnect(): void {
    session?.disconnect();
    session = undefined;
  }

  function call(argument: string, done: (text: string | undefined) => void): void {
    const to = stopped ? undefined : connected();
    if (to === undefined) return;
    pending++;
    const expression = `this[${JSON.stringify(CAPTURE_PROPERTY)}](${argument})`;
    to.post("Runtime.evaluate", { expression, returnByValue: true, silent: true }, (error, answer) => {
      pending--;
      const value: unknown = error === null ? answer.result.value : undefined;
      if (!stopped) done(typeof value === "string" && value !== "" ? value : undefined);
      if (pending === 0) disconnect();
    });
  }

  return {
    busy: () => pending > 0,
    take(now, done, answered) {
      const start = now();
      call("", (text) => {
        const at = now();
        answered?.(at);
        if (text !== undefined) done(JSON.parse(text) as CaptureAnswer, at, at - start);
      });
    },
    takeSourceMaps(frames, done) {
      const maps: SourceMapMessage[] = [];
      const files = [...new Set(frames.map(([, file]) => file))].filter(
        (file) => file !== "" && !file.startsWith("node:") && !asked.has(file),
      );
      let left = files.length;
      if (left === 0) done(maps);
      for (const file of files) {
        asked.add(file);
        call(JSON.stringify(file), (map) => {
          if (map !== '""' && map !== undefined) maps.push({ t: "sourceMap", file, map });
          if (--left === 0) done(maps);
        });
      }
    },
    mapPlaces(frames, done) {
      const wanted = new Map<string, Place>();
      for (const [, file, line, column] of frames) {
        const key = placeKey(file, line, column);
        if (isTransformed(file) && !places.has(key)) wanted.set(key, [file, line, column]);
      }
      function mapped(): CaptureAnswer["frames"] {
        return frames.map((frame) => {
          const place = places.get(placeKey(frame[1], frame[2], frame[3]));
          return place === undefined ? frame : [frame[0], ...place];
        });
      }
      if (wanted.size === 0) return done(mapped());
      call(JSON.stringify([...wanted.values()]), (text) => {
        const answer = text === undefined ? [] : (JSON.parse(text) as readonly Place[]);
        if (places.size > MAX_PLACES) places.clear();
        for (const [index, key] of [...wanted.keys()].entries()) {
          const place = answer[index];
          if (place !== undefined) places.set(key, place);
        }
        done(mapped());
      });
    },
    release: disconnect,
    stop() {
      stopped = true;
      disconnect();
    },
  };
}

function placeKey(file: string, line: number, column: number): string {
  return `${line}:${column}:${file}`;
}

/** Loaders of this kind leave dependencies as they are, and there are many. */
function isTransformed(file: string): boolean {
  return file !== "" && !file.startsWith("node:") && !/[\\/]node_modules[\\/]/.test(file);
}

/** Loaded when it is needed: a Node can be built without it. */
export function openMainSession(): Inspector.Session {
  const inspector = process.getBuiltinModule("node:inspector") as typeof Inspector | undefined;
  if (inspector === undefined) throw new Error("this Node was built without the inspector");
  const session = new inspector.Session();
  session.connectToMainThread();
  return session;
}
