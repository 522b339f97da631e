import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { programPath, trace } from "./instrumentations-trace.ts";

const run = promisify(execFile);

describe("aborts", () => {
  it("says who aborted, why, where and what it reached", async () => {
    const traced = await trace("aborts.mjs");
    expect(traced.stderr).toBe("");
    const reached = (path: string): unknown => {
      const request = traced.tasks.find(({ name }) => name.endsWith(path));
      expect(request?.outcome).toBe("cancelled");
      const [cancellation, ...more] = traced.cancellations.filter(({ task }) => task === request?.id);
      expect(more).toEqual([]);
      const [site] = cancellation?.stack.filter(({ file }) => !file.startsWith("node:")) ?? [];
      return [cancellation?.source, cancellation?.reason, site?.function, cancellation?.ignored];
    };
    expect(reached("/explicit")).toEqual(["explicit", "RangeError", "stopResearch", false]);
    expect(reached("/deadline")).toEqual(["deadline", "TimeoutError", "(anonymous)", false]);
    expect(reached("/any")).toEqual(["explicit", "AbortError", "(anonymous)", false]);
    expect(reached("/follower")).toEqual(["explicit", "string", "(anonymous)", false]);

    const followed = traced.cancellations.filter(({ source }) => source === "abortSignal");
    expect(followed).toHaveLength(1);
    const leader = traced.cancellations.find(({ task }) => task === followed[0]?.cancel);
    expect(followed[0]?.by).toBe(leader?.cancel);

    const aborts = traced.tasks.filter(({ origin }) => origin === "abort");
    // explicit, deadline, any, leader, follower, the deadline nobody waited for, subclass, born aborted, twice.
    expect(aborts.map(({ outcome }) => outcome)).toEqual(Array(9).fill("completed"));
    expect(traced.cancellations.filter(({ source }) => source === "deadline")).toHaveLength(2);
    expect(traced.cancellations.every(({ stack }) => stack.some(({ file }) => file.endsWith("aborts.mjs")))).toBe(true);
    expect(JSON.stringify(traced.changes)).not.toContain("planted");
  });

  it("cannot be told by the program", async () => {
    const [traced, alone] = await Promise.all([
      trace("aborts.mjs"),
      run(process.execPath, [programPath("aborts.mjs")]),
    ]);
    expect(traced.stdout).toBe(alone.stdout);
    expect(traced.code).toBe(0);
  });
});
