/**
 * `gather`: several pieces of work at once, their results in the order of the input.
 *
 * Functions become tasks of the caller's scope; tasks are waited for; promises can be waited for, but not cancelled. A
 * cancel of who awaits the gather goes to all of them, and they are waited for.
 */
import { currentScope } from "./current.ts";
import { assertFunction, describeValue, assertOptions } from "./errors.ts";
import { Gathering, type Awaitish, type Gather } from "./gathering.ts";
import { awaitsItself, isThenable } from "./task.ts";

export type { Awaitish, Gather };

export type AwaitishValue<I> = I extends () => PromiseLike<infer T> ? T : I extends PromiseLike<infer T> ? T : never;

/** The results of inputs, in their places. */
export type GatherValues<I extends readonly Awaitish[]> = { -readonly [K in keyof I]: AwaitishValue<I[K]> };

export interface GatherOptions {
  /** Errors become results in their places, those of cancelled members too. */
  readonly returnExceptions?: boolean;
  /** Functions that run at a time. Default: all. */
  readonly limit?: number;
  /**
   * What the first error does to the others: `continue` leaves them running, as asyncio does; `cancel` cancels them and
   * waits for them before it throws. Recommended for tool calls. Default: continue.
   */
  readonly onError?: "continue" | "cancel";
}

/**
 * Awaits all inputs. The same function or task given twice runs once and fills both places.
 *
 * @throws TypeError at once, before anything starts, for what is no function, task or promise; awaiting it throws the
 * first member's error (TaskCancelledError for a cancelled one)
 */
export function gather<const I extends readonly Awaitish[]>(
  inputs: I,
  options: GatherOptions & { readonly returnExceptions: true },
): Gather<{ -readonly [K in keyof I]: AwaitishValue<I[K]> | Error }>;
export function gather<const I extends readonly Awaitish[]>(
  inputs: I,
  options?: GatherOptions & { readonly returnExceptions?: false },
): Gather<GatherValues<I>>;
export function gather<const I extends readonly Awaitish[]>(
  inputs: I,
  options: GatherOptions,
): Gather<{ -readonly [K in keyof I]: AwaitishValue<I[K]> | Error }>;
export function gather<T>(inputs: readonly Awaitish<T>[], options?: GatherOptions): Gather<T[]>;
export function gather(inputs: readonly Awaitish[], options: GatherOptions = {}): Gather<unknown[]> {
  assertOptions(options, "gather's options");
  return startGather("gather", inputs, options);
}

/** `fn` of every item, at most `limit` at a time; results in input order. The first error cancels the rest. */
export async function mapConcurrent<A, R>(
  items: Iterable<A>,
  limit: number,
  fn: (item: A, index: number) => PromiseLike<R>,
): Promise<R[]> {
  assertFunction(fn, "mapConcurrent's function");
  if (typeof (items as Partial<Iterable<A>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw new TypeError(`mapConcurrent needs an iterable, not ${describeValue(items)}.`);
  }
  const work = Array.from(items, (item, index) => {
    const call = (): PromiseLike<R> => fn(item, index);
    Object.defineProperty(call, "name", { value: fn.name === "" ? `item ${index}` : `${fn.name} ${index}` });
    return call;
  });
  return (await startGather("mapConcurrent", work, { limit, onError: "cancel" })) as R[];
}

function startGather(what: string, inputs: readonly Awaitish[], options: GatherOptions): Gathering {
  const { limit = Infinity, onError = "continue", returnExceptions = false } = options;
  const scope = currentScope(`${what}()`);
  if (!Array.isArray(inputs)) throw new TypeError(`gather needs an array, not ${describeValue(inputs)}.`);
  for (const [index, input] of (inputs as readonly unknown[]).entries()) {
    if (typeof input === "function" || isThenable(input)) {
      if (input === scope.task) throw awaitsItself(scope.task.label);
      continue;
    }
    throw new TypeError(`gather's input ${index} is ${describeValue(input)}. Give functions, tasks or promises.`);
  }
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(
      `${what}'s limit must be a whole number of at least 1, or Infinity, not ${describeValue(limit)}.`,
    );
  }
  if ((onError as string) !== "continue" && (onError as string) !== "cancel") {
    throw new TypeError(`gather's onError must be "continue" or "cancel", not ${describeValue(onError)}.`);
  }
  return new Gathering(scope, inputs, limit, onError === "cancel", returnExceptions);
}
