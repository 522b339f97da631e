/** How long to pause before the next attempt: exponential, or as the server said. */

export interface BackoffOptions {
  /** The first pause, milliseconds. Default 1000. */
  readonly minTimeout?: number;
  /** The longest pause, milliseconds; a Retry-After may be longer. Default 30,000. */
  readonly maxTimeout?: number;
  /** Each pause is this many times the one before. Default 2. */
  readonly factor?: number;
  /** full: anything between 0 and the pause, so that many clients don't come back together. Default none. */
  readonly jitter?: "full" | "none";
  /** Where jitter comes from: 0 up to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** The pause after attempt `attempt` (from 1), milliseconds. */
export function backoff(attempt: number, options: BackoffOptions): number {
  const { minTimeout = 1000, maxTimeout = 30_000, factor = 2, jitter = "none", random = Math.random } = options;
  const pause = Math.min(minTimeout * factor ** (attempt - 1), maxTimeout);
  return Math.max(0, jitter === "full" ? pause * random() : pause);
}

/**
 * What an error says of when to come back, in milliseconds from now; undefined: nothing. Understood are `retryAfter`
 * and the headers `retry-after-ms` and `retry-after` (RFC 9110: seconds or a date), where openai, anthropic, the AI SDK
 * and fetch wrappers keep them. A number is seconds.
 */
export function retryAfterOf(error: unknown, wallClock: () => number = Date.now): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { retryAfter, headers, responseHeaders, response } = error as {
    retryAfter?: unknown;
    headers?: unknown;
    responseHeaders?: unknown;
    response?: { headers?: unknown } | null;
  };
  const own = parseRetryAfter(retryAfter, wallClock);
  if (own !== undefined) return own;
  for (const source of [headers, responseHeaders, response?.headers]) {
    const ms = Number.parseFloat(String(headerOf(source, "retry-after-ms")));
    if (ms >= 0) return ms;
    const pause = parseRetryAfter(headerOf(source, "retry-after"), wallClock);
    if (pause !== undefined) return pause;
  }
  return undefined;
}

function parseRetryAfter(value: unknown, wallClock: () => number): number | undefined {
  if (value instanceof Date) return positive(value.getTime() - wallClock());
  if (typeof value === "number") return positive(value * 1000);
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const seconds = Number(value);
  return Number.isNaN(seconds) ? positive(Date.parse(value) - wallClock()) : positive(seconds * 1000);
}

function positive(ms: number): number | undefined {
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Names of headers have no case. */
function headerOf(headers: unknown, name: string): unknown {
  if (typeof headers !== "object" || headers === null) return undefined;
  if (typeof (headers as Headers).get === "function") return (headers as Headers).get(name) ?? undefined;
  for (const [key, value] of Object.entries(headers)) {
    if (key.toLowerCase() === name) return Array.isArray(value) ? value[0] : value;
  }
  return undefined;
}
