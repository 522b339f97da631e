/** Which errors are worth another attempt, before the policy is asked. */

/** Says that another attempt makes no sense; `retry` throws its cause. */
export class NonRetryableError extends Error {
  override readonly name: string = "NonRetryableError";

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/**
 * What browsers and runtimes say in the TypeError of a request that did not get through. There is nothing but the text
 * to know it by: the Fetch standard leaves it open.
 */
const NETWORK_MESSAGES = new Set([
  "fetch failed", // Node (undici)
  "terminated", // Node (undici), in the middle of a body
  "Failed to fetch", // Chromium
  "network error", // Chromium, in the middle of a body
  "NetworkError when attempting to fetch resource.", // Firefox
  "Load failed", // Safari
  "The Internet connection appears to be offline.", // Safari
  "Network request failed", // the fetch polyfill, React Native
  "Network connection lost.", // Cloudflare Workers
]);

/** A TypeError is a mistake in the program, unless it is how fetch says that the network failed. */
export function isProgrammingError(error: unknown): boolean {
  return error instanceof TypeError && !NETWORK_MESSAGES.has(error.message);
}
