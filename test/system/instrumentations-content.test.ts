/**
 * The canary: `planted-…` stands wherever a program has something to hide. By default none of it may leave the process;
 * with content capture the contents do, and what is never recorded still does not.
 */
import { describe, expect, it } from "vitest";
import { trace } from "./instrumentations-trace.ts";

const programs: readonly (readonly [program: string, args: readonly string[], contents: readonly string[]])[] = [
  [
    "agent.mjs",
    ["tools"],
    [
      "planted-prompt",
      "planted-instructions",
      "planted-argument",
      "planted-result",
      "planted-answer",
      "planted-tool-error",
    ],
  ],
  ["agent.mjs", ["generate"], ["planted-prompt", "planted-instructions", "planted-answer"]],
  ["agent.mjs", ["abort"], ["planted-prompt", "planted-reason"]],
  ["agent.mjs", ["broken"], ["planted-error"]],
  ["agent.mjs", ["embed"], ["planted-prompt"]],
  ["aborts.mjs", [], ["planted-reason", "planted-string", "planted-born"]],
  ["fetches.mjs", [], ["planted-reason"]],
  ["https.mjs", [], []],
  ["otel.cjs", ["1.9", "sdk"], ["planted-prompt", "planted-argument", "planted-status"]],
  ["otel.cjs", ["1.9", "none"], ["planted-prompt", "planted-argument", "planted-status"]],
];
/** Headers, keys, credentials, query values and request bodies. */
const NEVER = /planted-(header|key|password|query-value|body)/;

describe("contents", () => {
  it.each(programs)("of %s %s stay in the process unless captured", async (program, args, contents) => {
    const quiet = await trace(program, { args });
    expect(quiet.sent).toContain('"hello"');
    expect(quiet.sent).not.toContain("planted");

    const captured = await trace(program, { args, captureContent: true });
    for (const content of contents) expect(captured.sent).toContain(content);
    expect(captured.sent).not.toMatch(NEVER);
  });
});
