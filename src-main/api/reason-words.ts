/** What a cancel's reason says besides who asked for it. Recordings hold it by type: `RangeError`, `string`. */

/** What is thrown where no reason was given, and the types of reasons that are no errors. */
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  "CancelledError",
  "AbortError",
  "string",
  "number",
  "boolean",
  "bigint",
  "symbol",
  "null",
  "undefined",
  "function",
]);

/** "": nothing. The text of a reason that was a text, where contents were recorded. */
export function reasonWords(source: string, reason: string): string {
  if (SAYS_NOTHING.has(reason) || (source === "deadline" && reason === "TimeoutError")) return "";
  return reason.startsWith("string: ") ? reason.slice("string: ".length) : reason;
}
