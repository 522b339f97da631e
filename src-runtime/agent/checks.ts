/** Refusals that several of the agents' functions share. Each names what was given, to what, and what is taken. */
import { describeValue } from "../task/errors.ts";

/** A misspelt key would do nothing, silently. @throws TypeError */
export function assertKeys(value: object, known: readonly string[], what: string): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key))
      throw new TypeError(`${what} can't have ${describeValue(key)}. There are: ${known.join(", ")}.`);
  }
}

export function assertCount(value: unknown, what: string): void {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number, not ${describeValue(value)}.`);
  if (value < 1 || (value !== Infinity && !Number.isInteger(value)))
    throw new RangeError(`${what} must be a whole number of at least 1, not ${value}.`);
}

export function assertOneOf(value: unknown, allowed: readonly string[], what: string): void {
  if (!allowed.includes(value as string))
    throw new TypeError(
      `${what} must be ${allowed.map((one) => `"${one}"`).join(" or ")}, not ${describeValue(value)}.`,
    );
}
