import { describe, expect, it } from "vitest";
import { createCancels } from "../../../../src-runtime/tracer/instrumentations/cancels.ts";
import { labelOf, outcomeOf } from "../../../../src-runtime/tracer/instrumentations/outcome.ts";
import { recordingEmitter } from "./fake-emitter.ts";

const quiet = recordingEmitter().emitter;
const open = recordingEmitter(true).emitter;

describe("labels", () => {
  it.each([
    [new TypeError("secret"), "TypeError", "TypeError: secret"],
    [Object.assign(new Error("secret"), { code: "ECONNRESET" }), "ECONNRESET", "ECONNRESET: secret"],
    [
      Object.assign(new Error("secret"), { name: "AI_APICallError", statusCode: 429 }),
      "AI_APICallError 429",
      "AI_APICallError 429: secret",
    ],
    [Object.assign(new Error("secret"), { name: "my secret is 42", code: "not a code" }), "Error", "Error: secret"],
    [new DOMException("secret", "TimeoutError"), "TimeoutError", "TimeoutError: secret"],
    ["secret", "string", "string: secret"],
    [null, "null", "null"],
    [7, "number", "number"],
  ])("of %s keep the text for content capture", (error, label, withContent) => {
    expect(labelOf(error, quiet)).toBe(label);
    expect(labelOf(error, open)).toBe(withContent);
  });
});

describe("outcomes", () => {
  it("is cancelled by an abort's reason, by what it caused, and by what calls itself an abort", () => {
    const cancels = createCancels(quiet);
    const reason = new Error("enough");
    cancels.remember(reason, 7);
    cancels.remember("stop", 8);
    const outcome = (error: unknown): string => outcomeOf(error, quiet, cancels).outcome;
    expect(outcome(reason)).toBe("cancelled");
    expect(outcome(new Error("outer", { cause: new Error("middle", { cause: reason }) }))).toBe("cancelled");
    expect(outcome(Object.assign(new Error("retries"), { lastError: reason }))).toBe("cancelled");
    expect(outcome("stop")).toBe("cancelled");
    expect(outcome(new DOMException("", "AbortError"))).toBe("cancelled");
    expect(outcome(new Error("enough"))).toBe("failed");
    expect(outcome("stopped")).toBe("failed");
  });

  it("says which cancellation reached a task, only when one did", () => {
    const told = recordingEmitter();
    const cancels = createCancels(told.emitter);
    const reason = new Error("enough");
    cancels.remember(reason, 7);
    expect(cancels.reached(3, new Error("other"))).toBe(false);
    expect(cancels.reached(4, new Error("outer", { cause: reason }))).toBe(true);
    expect(told.of("reached")).toEqual([[7, 4, false]]);
  });

  it("ends on causes that go in circles", () => {
    const error = new Error("round");
    error.cause = error;
    expect(createCancels(quiet).of(error)).toBe(0);
  });
});
