/** Waits, holds and blocks in plain words. */
import { expect, test } from "vitest";
import type { ScopeDetails, WaitDetails } from "../../../../src-main/api/api.ts";
import { waitWords } from "../../../../src-main/api/wait-words.ts";
import { holdWords, scopeStory, scopeWords } from "../../../../src-renderer/panels/wait-words.ts";

function wait(about: Partial<WaitDetails>): WaitDetails {
  return { id: 1, kind: "lock", start: 0, outcome: "open", ...about };
}

function scope(about: Partial<ScopeDetails>): ScopeDetails {
  return { id: 1, kind: "group", name: "", opened: 1e9, shielded: false, ...about };
}

test.each([
  [wait({ name: "database" }), "lock database"],
  [wait({ name: "lock" }), "a lock"],
  [wait({ kind: "sleep", asked: 10e6 }), "a sleep of 10 ms"],
  [wait({ kind: "group", name: "retrieval" }), "the tasks of retrieval"],
  [wait({ kind: "group", name: "task group" }), "the tasks of a group"],
  [wait({ kind: "group", name: "tasks that were cancelled" }), "tasks that were cancelled"],
  [wait({ kind: "stream", name: "words" }), "stream words"],
  [wait({ kind: "external" }), "a promise from elsewhere"],
])("waits for %j", (about, words) => {
  expect(waitWords(about)).toBe(words);
});

test("what is held is called by its name, else by its kind", () => {
  const hold = { id: 1, kind: "pool", acquired: 0, waited: 0 } as const;
  expect(holdWords({ ...hold, name: "connections" })).toBe("pool connections");
  expect(holdWords({ ...hold, name: "pool" })).toBe("a pool");
});

test("blocks: what they are and how they were left", () => {
  expect(scopeWords(scope({ name: "retrieval" }))).toBe("task group retrieval");
  expect(scopeWords(scope({ kind: "scope", shielded: true }))).toBe("cancel scope, shielded");
  expect(scopeWords(scope({ kind: "shield", shielded: true }))).toBe("shield");
  expect(scopeStory(scope({}))).toBe("not left");
  expect(scopeStory(scope({ closed: 1.5e9, cancelledAt: 1.4e9, deadline: 1.3e9 }))).toBe(
    "left after 500 ms, cancelled after 400 ms, deadline 1.300 s",
  );
});
