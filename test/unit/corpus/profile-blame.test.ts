/** Which frames of a CPU profile may be blamed, drawn as stacks over time. */
import { expect, test } from "vitest";
import { framesToBlame, type CpuProfile } from "../../corpus/profile-blame.ts";

/**
 * A profile of one sample a millisecond from 1 s on: `main/parse` is a stack of two functions, the outermost first.
 * Functions that start with `node` are Node's; those in parentheses are V8's own.
 */
function drawn(stacks: readonly string[]): CpuProfile {
  const nodes: { id: number; callFrame: CpuProfile["nodes"][number]["callFrame"]; children: number[] }[] = [];
  const ids = new Map<string, number>();
  function idOf(path: readonly string[]): number {
    const key = path.join("/");
    const known = ids.get(key);
    if (known !== undefined) return known;
    const name = path.at(-1) ?? "";
    const url = name.startsWith("(") ? "" : name.startsWith("node") ? "node:internal/x" : "file:///a.js";
    const id = nodes.length + 1;
    const lineNumber = name.charCodeAt(0);
    nodes.push({ id, callFrame: { functionName: name, url, lineNumber, columnNumber: 0 }, children: [] });
    ids.set(key, id);
    if (path.length > 1) nodes[idOf(path.slice(0, -1)) - 1]?.children.push(id);
    return id;
  }
  const samples = stacks.map((stack) => idOf(["(root)", ...stack.split("/")]));
  return { nodes, startTime: 1_000_000, samples, timeDeltas: samples.map((_, index) => (index === 0 ? 0 : 1000)) };
}

const times = (count: number, stack: string): readonly string[] => Array.from({ length: count }, () => stack);
const names = (stacks: readonly string[], fromMs = 0, toMs = 1e6): readonly string[] =>
  framesToBlame(drawn(stacks), 1_000_000 + fromMs * 1000, 1_000_000 + toMs * 1000).map((frame) => frame.functionName);

test("the deepest that stands in nearly all samples, not the helper that one hit", () => {
  expect(names([...times(95, "main/parse"), ...times(5, "main/parse/helper")])).toEqual(["parse"]);
  expect(names([...times(50, "main/a"), ...times(50, "main/b")])).toEqual(["main"]);
});

test("where two runs could differ, both", () => {
  expect(names([...times(80, "main/parse/token"), ...times(20, "main/parse")])).toEqual(["token", "parse"]);
});

test("Node's and V8's own frames are never blamed, nor is collecting garbage counted", () => {
  expect(names([...times(30, "main/nodeHash"), ...times(60, "(garbage collector)")])).toEqual(["main"]);
});

test("a recursion counts once a sample, and is deeper than its caller", () => {
  expect(names(times(40, "main/sum/sum/sum"))).toEqual(["sum"]);
});

test("of functions that call each other in turn, both", () => {
  const stacks = [...times(50, "main/list/item/list/item"), ...times(50, "main/list/item/list")];
  expect([...names(stacks)].sort()).toEqual(["item", "list"]);
});

test("only the samples of the stall", () => {
  expect(names([...times(50, "main/a"), ...times(50, "main/b")], 0, 49)).toEqual(["a"]);
  expect(names([...times(50, "main/a"), ...times(50, "main/b")], 50, 99)).toEqual(["b"]);
});
