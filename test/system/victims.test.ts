/**
 * What a stall made late, against what the program itself says of each piece of work: when it was due, and when it ran.
 * At level deep, which sees all kinds.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtPart } from "../../src-main/build/cache.js";
import type { ReportVictim } from "../../src-main/queries/report-stalls.ts";
import { createHome, PROGRAMS, recordProgram, ROOT, runStalls } from "./stallscope.ts";

/** A piece of the program's work. Milliseconds. */
interface Work {
  readonly name: string;
  readonly due?: number;
  /** Of what came from outside: when it was sent. */
  readonly ready?: number;
  readonly ran: number;
}

interface Said {
  readonly blocked: { readonly start: number; readonly end: number };
  readonly work: readonly Work[];
  readonly chunks: readonly { readonly ready: number; readonly ran: number }[];
}

/** The program's own stamps come a little after ours, more so where code of others runs in between. */
const NEAR_MS = 5;
const NEAR_SHARE = 0.2;
/** The program's stream says something as often. */
const STREAM_PACE_MS = 30;

const home = createHome();
let said: Said;
let victims: readonly ReportVictim[];
let counted: number;
let stallMs: number;

beforeAll(async () => {
  const runtime = pathToFileURL(join(await builtPart(ROOT, "program"), "index.js")).href;
  const options = { env: { RUNTIME: runtime }, flags: ["--level", "deep"] };
  const { report, stdout, stderr } = await recordProgram(home.path, [join(PROGRAMS, "victims/late.mjs")], options);
  expect(stderr).toBe("");
  said = JSON.parse(stdout) as Said;
  const [stall] = runStalls(report);
  stallMs = stall?.durationMs ?? 0;
  expect(stallMs).toBeGreaterThan(390);
  victims = stall?.victims ?? [];
  counted = stall?.victimCount ?? 0;
});

afterAll(() => home.dispose());

function workOf(name: string): Work {
  const { start, end } = said.blocked;
  const inBlock = said.work.find((one) => one.name === name && (one.due ?? start) <= end && one.ran >= start);
  const found = inBlock ?? said.work.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the program says nothing of ${name}`);
  return found;
}

/** The only victim of which something is so called. */
function victimOf(part: string): ReportVictim {
  const found = victims.filter(({ name, cancelled }) => `${name} ${cancelled?.name}`.includes(part));
  expect(found, part).toHaveLength(1);
  return found[0]!;
}

function expectNear(ours: number, theirs: number): void {
  expect(Math.abs(ours - theirs)).toBeLessThanOrEqual(Math.max(NEAR_MS, NEAR_SHARE * theirs));
}

describe("what was due while the event loop was blocked", () => {
  test.each([
    ["setTimeout 83 ms", "timer"],
    ["setTimeout 303 ms", "timer"],
    ["setInterval 127 ms", "timer"],
    ["sleep 213 ms", "sleep"],
    ["deadline", "deadline"],
    ["AbortSignal.timeout", "deadline"],
    ["await or then", "promise"],
  ])("%s is late by as much as the program says", (name, kind) => {
    const { due = 0, ran } = workOf(name);
    const told = victims.filter((one) => one.name === name).map((one) => ({ ...one, off: one.lateMs - (ran - due) }));
    const [nearest] = told.toSorted((a, b) => Math.abs(a.off) - Math.abs(b.off));
    expect(nearest).toMatchObject({ kind, exact: true });
    expectNear(nearest?.lateMs ?? 0, ran - due);
  });

  test("a deadline that ran out only because of it says what it cancelled", () => {
    expect(victimOf("deadline").cancelled?.name).toBe("main");
    expect(victimOf("AbortSignal.timeout").cancelled?.name).toMatch(/^GET .*\/never$/);
  });

  test.each([
    ["/slow", "request"],
    ["/called", "request"],
    ["child process", "child"],
  ])("%s is late, at most since it began", (name, kind) => {
    const { ready, ran } = workOf(name);
    const victim = victimOf(name);
    expect(victim).toMatchObject({ kind, exact: false });
    const { start, end } = said.blocked;
    expect(victim.lateMs).toBeLessThanOrEqual(stallMs + ran - end + NEAR_MS);
    if (ready === undefined) return;
    expect(victim.lateMs).toBeGreaterThanOrEqual((ran - Math.max(start, ready)) * (1 - NEAR_SHARE) - NEAR_MS);
  });

  test("a stream is late since it should have said something, by its own pace", () => {
    const chunk = said.chunks.find(({ ran }) => ran >= said.blocked.end - 1);
    const victim = victimOf("/stream");
    expect(victim).toMatchObject({ kind: "stream", exact: false });
    const truth = (chunk?.ran ?? 0) - Math.max(said.blocked.start, chunk?.ready ?? 0);
    expect(Math.abs(victim.lateMs - truth)).toBeLessThanOrEqual(2 * STREAM_PACE_MS);
  });
});

test("what ran in time, was put off in time or was given up is no victim", () => {
  const names = victims.map(({ name }) => name);
  expect(said.work.map(({ name }) => name)).toContain("setTimeout 701 ms");
  expect(names).not.toContain("setTimeout 701 ms");
  expect(names).not.toContain("setTimeout 607 ms");
  expect(names).not.toContain("setTimeout 7 ms");
  expect(names).not.toContain("setTimeout 89 ms");
});

test("nothing is told twice, by what it is and by what is underneath", () => {
  const names = victims.filter(({ kind }) => kind === "timer").map(({ name }) => name);
  expect(names.toSorted()).toEqual(["setInterval 127 ms", "setTimeout 303 ms", "setTimeout 83 ms"]);
  expect(counted).toBeGreaterThanOrEqual(11);
});
