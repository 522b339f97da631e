/** What the tests have threads do. Loaded by Node itself, in the thread. */
import { threadId, type MessagePort } from "node:worker_threads";
import { checkCancelled } from "../../../../src-runtime/thread/check-cancelled.ts";
import { ContextVar } from "../../../../src-runtime/task/context.ts";

/** At 0: how far the work is. At 1: what the test tells it. */
export type Shared = Int32Array<SharedArrayBuffer>;

export const user = new ContextVar<string>("user");
export const secret = new ContextVar<unknown>("secret");
export const notAFunction = 1;

class LookupError extends RangeError {
  readonly key: string;
  readonly lookedUp = new Map([["a", 1]]);
  readonly unclonable = (): number => 1;
  constructor(key: string) {
    super(`no ${key}`, { cause: new TypeError("inner", { cause: "deep" }) });
    this.key = key;
  }
}

export function add(a: number, b: number): number {
  return a + b;
}

export async function addLater(a: number, b: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return a + b;
}

export function thread(): number {
  return threadId;
}

export function fail(key: string): never {
  throw new LookupError(key);
}

export function failWithMany(): never {
  throw new AggregateError([new TypeError("a"), new LookupError("b")], "many");
}

export function failWithText(): never {
  // oxlint-disable-next-line typescript/only-throw-error -- What is thrown may be anything.
  throw "text";
}

export function returnFunction(): unknown {
  return () => 1;
}

export function exit(): void {
  process.exit(3);
}

export function failOutside(): Promise<void> {
  setTimeout(() => {
    throw new Error("outside of the call");
  });
  return new Promise(() => undefined);
}

export function contextOf(): unknown[] {
  return [user.get(), secret.get()];
}

/** Computes for ever; says that it does. */
export function spin(shared: Shared): void {
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
  for (;;) Atomics.add(shared, 1, 1);
}

/** Computes until it is told to stop. */
export function spinUntilTold(shared: Shared, value: string): string {
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
  while (Atomics.load(shared, 1) === 0);
  Atomics.store(shared, 0, 2);
  return value;
}

/** Computes until it is cancelled. */
export function spinUntilCancelled(shared: Shared): void {
  Atomics.store(shared, 0, 1);
  Atomics.notify(shared, 0);
  try {
    for (;;) checkCancelled();
  } catch (error) {
    Atomics.store(shared, 0, 2);
    Atomics.notify(shared, 0);
    throw error;
  }
}

export function failWhenCancelled(shared: Shared): void {
  try {
    spinUntilCancelled(shared);
  } catch {
    throw new Error("clean-up failed");
  }
}

export function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0);
}

export function hello(port: MessagePort): void {
  port.postMessage("hello");
  port.close();
}
