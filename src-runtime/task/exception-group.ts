/**
 * Several errors as one, in a tree: what a task group throws, and `catchGroup`, the `except*` for it.
 *
 * A group is a value: `split`, `subgroup` and `derive` make new ones and keep the shape of the tree, its causes and the
 * messages that were given; what ours say of their errors is said anew. `AggregateError`s of other libraries count as
 * groups.
 */
import { CancelledError, UsageError, assertFunction, describeValue, isSuppressedError } from "./errors.ts";

export class ExceptionGroup extends AggregateError {
  override readonly name: string = "ExceptionGroup";
  #given: string | undefined;
  #subject: string | undefined;

  /** @throws TypeError, UsageError for no errors at all */
  constructor(errors: Iterable<unknown>, message?: string) {
    if (typeof (errors as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] !== "function") {
      throw new TypeError(`ExceptionGroup needs its errors in an iterable, not ${describeValue(errors)}.`);
    }
    const list = [...errors];
    if (list.length === 0) throw new UsageError("An ExceptionGroup needs at least one error.");
    super(list, message ?? describeErrors(list));
    this.#given = message;
  }

  /** A group whose message says what ended by these errors. */
  static of(subject: string, errors: Iterable<unknown>): ExceptionGroup {
    const list = [...errors];
    const group = new ExceptionGroup(list, `${subject} ended by ${describeErrors(list)}`);
    group.#given = undefined;
    group.#subject = subject;
    return group;
  }

  /**
   * What matches, and the rest, each in the shape of the tree; null where there is none. `p` is asked of leaves, of both
   * sides of a `SuppressedError`.
   */
  split(p: (error: unknown) => boolean): [ExceptionGroup | null, ExceptionGroup | null] {
    assertFunction(p, "split's predicate");
    const matching: unknown[] = [];
    const rest: unknown[] = [];
    for (const error of this.errors as unknown[]) {
      if (error instanceof AggregateError) {
        const [inside, outside] = asGroup(error).split(p);
        if (inside !== null) matching.push(inside);
        if (outside !== null) rest.push(outside);
        continue;
      }
      const sides = openSuppressed(error);
      const matches = sides.map((side) => p(side));
      // Two errors in one stay one where both go the same way.
      if (matches.every((isMatch) => isMatch === matches[0])) (matches[0] === true ? matching : rest).push(error);
      else for (const [index, side] of sides.entries()) (matches[index] === true ? matching : rest).push(side);
    }
    return [this.#part(matching), this.#part(rest)];
  }

  /** The leaves that match, in the shape of the tree; null when none does. */
  subgroup(p: (error: unknown) => boolean): ExceptionGroup | null {
    return this.split(p)[0];
  }

  /** A group of other errors in this one's place: with the message it was given, its cause and its stack. */
  derive(errors: readonly unknown[]): ExceptionGroup {
    const group =
      this.#subject === undefined ? new ExceptionGroup(errors, this.#given) : ExceptionGroup.of(this.#subject, errors);
    if ("cause" in this) group.cause = this.cause;
    const frames = /\n {4}at .*/s.exec(this.stack ?? "")?.[0] ?? "";
    group.stack = `${group.name}: ${group.message}${frames}`;
    return group;
  }

  /** Every error that is no group, depth first. */
  *leaves(): Iterable<unknown> {
    for (const error of this.errors as unknown[]) {
      if (error instanceof AggregateError) yield* asGroup(error).leaves();
      else yield error;
    }
  }

  #part(errors: readonly unknown[]): ExceptionGroup | null {
    return errors.length === 0 ? null : this.derive(errors);
  }
}

/** An `AggregateError` as a group; a group as it is. An empty one counts as a leaf of itself. */
export function asGroup(error: AggregateError): ExceptionGroup {
  if (error instanceof ExceptionGroup) return error;
  const errors = error.errors as readonly unknown[];
  const group = new ExceptionGroup(errors.length === 0 ? [new Error(error.message)] : errors, error.message);
  if ("cause" in error) group.cause = error.cause;
  return group;
}

function describeErrors(errors: readonly unknown[]): string {
  const [first] = errors;
  const text = first instanceof Error ? `${first.name}: ${first.message}` : describeValue(first);
  return errors.length === 1 ? text : `${errors.length} errors: ${text}, …`;
}

type Match = (new (...args: never[]) => unknown) | ((error: unknown) => boolean);

/** Handlers for parts of a group, tried in order. Nothing happens before `end()`. */
export interface GroupHandler {
  /** Errors of a class, or of which the predicate is true; each leaf goes to the first handler that matches. */
  on(match: Match, handle: (group: ExceptionGroup) => void | Promise<void>): GroupHandler;
  /** Runs the handlers one by one. Throws what is left, with what handlers threw, as one group; nothing left: returns. */
  end(): Promise<void>;
}

/**
 * JavaScript's `except*`:
 *
 *     catch (error) {
 *       await catchGroup(error)
 *         .on(RateLimitError, (group) => …)
 *         .on((error) => isRetryable(error), (group) => …)
 *         .end();
 *     }
 *
 * A bare error is handled as a group of one. A CancelledError is never matched and passes.
 */
export function catchGroup(error: unknown): GroupHandler {
  const handlers: {
    readonly matches: (error: unknown) => boolean;
    readonly handle: (group: ExceptionGroup) => void | Promise<void>;
  }[] = [];
  let isEnded = false;
  const handler: GroupHandler = {
    on(match, handle) {
      assertFunction(match, "catchGroup's match");
      assertFunction(handle, "catchGroup's handler");
      if (isEnded) throw new UsageError("catchGroup(…).end() was called before. Add handlers ahead of it.");
      handlers.push({ matches: matcherOf(match), handle });
      return handler;
    },
    async end() {
      if (isEnded) throw new UsageError("catchGroup(…).end() was called before. Call it once.");
      isEnded = true;
      if (error instanceof CancelledError) throw error;
      const isBare = !(error instanceof AggregateError);
      let rest: ExceptionGroup | null = isBare ? new ExceptionGroup(openSuppressed(error)) : openInside(asGroup(error));
      const before = rest;
      const thrown: unknown[] = [];
      for (const { matches, handle } of handlers) {
        if (rest === null) break;
        const [matching, others]: [ExceptionGroup | null, ExceptionGroup | null] = rest.split(
          (leaf) => !(leaf instanceof CancelledError) && matches(leaf),
        );
        if (matching === null) continue;
        rest = others;
        try {
          await handle(matching);
        } catch (error_) {
          thrown.push(error_);
        }
      }
      const [first] = thrown;
      if (rest === null && first instanceof CancelledError && thrown.every((each) => each instanceof CancelledError))
        throw first;
      if (thrown.length > 0) throw new ExceptionGroup(rest === null ? thrown : [...thrown, rest]);
      if (rest === null) return;
      // Untouched it goes on as it came, so that whoever is above sees the very same error.
      throw rest === before && !isBare ? error : rest;
    },
  };
  return handler;
}

/** A `SuppressedError` is two errors, the earlier one first. */
function openSuppressed(error: unknown): unknown[] {
  if (!isSuppressedError(error)) return [error];
  return [...openSuppressed(error.suppressed), ...openSuppressed(error.error)];
}

function openInside(group: ExceptionGroup): ExceptionGroup {
  const errors = group.errors as readonly unknown[];
  if (!errors.some((error) => isSuppressedError(error) || error instanceof AggregateError)) return group;
  return group.derive(
    errors.flatMap((error) => (error instanceof AggregateError ? [openInside(asGroup(error))] : openSuppressed(error))),
  );
}

/** A class, or a predicate: classes have a prototype that is not writable, or is an error's. */
function matcherOf(match: Match): (error: unknown) => boolean {
  const { prototype } = match as { prototype?: unknown };
  const isClass =
    prototype !== undefined &&
    (prototype instanceof Error ||
      match === Error ||
      Object.getOwnPropertyDescriptor(match, "prototype")?.writable === false);
  return isClass ? (error) => error instanceof match : (match as (error: unknown) => boolean);
}
