/**
 * Errors on their way between threads. The structured clone forgets the class, and own properties with it; here the
 * class's name, the message, the stack, causes and everything that can be cloned get across. `instanceof` holds for the
 * language's own classes.
 */
import { isCloneable } from "./wire.ts";

export interface WireError {
  /** Undefined: what was thrown is no error, but this value. */
  readonly error:
    | {
        /** The nearest of the language's own classes. */
        readonly base: string;
        readonly name: string;
        readonly message: string;
        readonly stack: string | undefined;
        readonly values: Readonly<Record<string, unknown>>;
        readonly errors: Readonly<Record<string, WireError | readonly WireError[]>>;
      }
    | undefined;
  readonly value?: unknown;
}

const BASES = new Map<string, (message: string) => Error>([
  ["Error", (message) => new Error(message)],
  ["TypeError", (message) => new TypeError(message)],
  ["RangeError", (message) => new RangeError(message)],
  ["SyntaxError", (message) => new SyntaxError(message)],
  ["ReferenceError", (message) => new ReferenceError(message)],
  ["URIError", (message) => new URIError(message)],
  ["EvalError", (message) => new EvalError(message)],
  ["AggregateError", (message) => new AggregateError([], message)],
]);

/** Causes of causes, at most. */
const DEEPEST = 8;

export function encodeError(thrown: unknown, depth = 0): WireError {
  if (!(thrown instanceof Error)) {
    return { error: undefined, value: isCloneable(thrown) ? thrown : String(thrown) };
  }
  const values: Record<string, unknown> = {};
  const errors: Record<string, WireError | WireError[]> = {};
  for (const key of Object.getOwnPropertyNames(thrown)) {
    if (key === "name" || key === "message" || key === "stack") continue;
    const value = (thrown as unknown as Record<string, unknown>)[key];
    if (value instanceof Error) {
      if (depth < DEEPEST) errors[key] = encodeError(value, depth + 1);
    } else if (Array.isArray(value) && value.some((item) => item instanceof Error)) {
      if (depth < DEEPEST) errors[key] = value.map((item) => encodeError(item, depth + 1));
    } else if (isCloneable(value)) values[key] = value;
  }
  const { base, className } = classOf(thrown);
  const name = thrown.name === base ? className : thrown.name;
  return { error: { base, name, message: thrown.message, stack: thrown.stack, values, errors } };
}

export function decodeError({ error, value }: WireError): unknown {
  if (error === undefined) return value;
  const { base, name, message, stack, values, errors } = error;
  const thrown = (BASES.get(base) ?? BASES.get("Error")!)(message);
  const hidden = (key: string, is: unknown): void =>
    void Object.defineProperty(thrown, key, { value: is, writable: true, configurable: true, enumerable: false });
  if (name !== thrown.name) hidden("name", name);
  hidden("stack", stack);
  for (const [key, inner] of Object.entries(errors)) {
    hidden(
      key,
      Array.isArray(inner) ? inner.map((item: WireError) => decodeError(item)) : decodeError(inner as WireError),
    );
  }
  return Object.assign(thrown, values);
}

function classOf(error: Error): { readonly base: string; readonly className: string } {
  const className = error.constructor.name === "" ? "Error" : error.constructor.name;
  let prototype: unknown = Object.getPrototypeOf(error);
  while (prototype !== null) {
    const { name } = (prototype as { constructor: { name: string } }).constructor;
    const own = (globalThis as unknown as Record<string, { prototype?: unknown } | undefined>)[name];
    if (BASES.has(name) && own?.prototype === prototype) return { base: name, className };
    prototype = Object.getPrototypeOf(prototype);
  }
  return { base: "Error", className };
}
