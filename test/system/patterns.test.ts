/** The example patterns: what each prints, how it ends, and what its recording says happened. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  PATTERNS,
  cancellations,
  disposePatterns,
  events,
  links,
  mostAtOnce,
  rows,
  runOf,
  startPatterns,
  tasksBelow,
  waits,
} from "./patterns-trace.ts";
import { ROOT } from "./stallscope.ts";

beforeAll(startPatterns);
afterAll(disposePatterns);

test("every pattern is run here, and told of in the examples' README", () => {
  const readme = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const told = [...readme.matchAll(/examples\/patterns\/([\w-]+)\.ts/g)].map(([, name]) => name);
  const folder = join(ROOT, "examples/patterns");
  const programs = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  for (const file of programs)
    expect(readFileSync(join(folder, file), "utf8")).toContain(`stallscope run examples/patterns/${file}`);
  expect(programs.length).toBeGreaterThan(10);
  for (const listed of [told, PATTERNS.map((pattern) => pattern.split(" ")[0])]) {
    expect(new Set(listed)).toEqual(new Set(programs.map((file) => file.replace(".ts", ""))));
  }
});

describe("several at once", () => {
  test("parallel retrieval: three sources in the time of one, and a failed one costs nothing else", async () => {
    const run = await runOf("parallel-retrieval");
    expect(run.stdout).toMatch(/^3 sources in \d+ ms, the slowest takes 300\nleft out: wiki-\S+ .* 404\n12 passages/);
    const below = tasksBelow(run, "retrieve").filter(([name]) => !String(name).startsWith("POST"));
    expect(below.slice(0, 3)).toEqual([
      ["manual", "completed"],
      ["tickets", "completed"],
      ["wiki", "failed"],
    ]);
    expect(
      below.slice(3).every(([name, outcome]) => /^compare \d+$/.test(String(name)) && outcome === "completed"),
    ).toBe(true);
    expect(tasksBelow(run, "tickets")).toEqual([[expect.stringMatching(/^GET .*\/pages\/tickets$/), "completed"]]);
    // The longest first, which on a busy machine may be either.
    const gathers = waits(run, "gather").map(([waiter, subject]) => `${String(waiter)}: ${String(subject)}`);
    expect(new Set(gathers)).toEqual(new Set(["retrieve: gather of 3", "retrieve: gather of 12"]));
    const times = (like: string): readonly unknown[][] =>
      rows(run, `SELECT created, settled FROM task WHERE name LIKE '${like}'`);
    expect(mostAtOnce([...times("manual"), ...times("tickets"), ...times("wiki")])).toBe(3);
    expect(mostAtOnce(times("compare %"))).toBe(3);
  });

  test("partial results: who is late is cancelled by the tool, with its place in the program", async () => {
    const run = await runOf("partial-results");
    expect(run.stdout).toMatch(/^south .*\nwest .*\nnorth .*\n300 ms are over without east and harbour\n/);
    const late = cancellations(run, "east", "harbour");
    expect(late.map(({ task }) => task.name).sort()).toEqual(["east", "harbour"]);
    for (const cancellation of late) {
      expect(cancellation).toMatchObject({ source: "explicit", by: { name: "compare_prices" }, ignored: false });
      expect(cancellation.site).toMatchObject({ file: "examples/patterns/partial-results.ts" });
      expect(cancellation.latencyMs).toBeLessThan(50);
    }
    expect(cancellations(run, "compare_prices")).toEqual([expect.objectContaining({ source: "deadline" })]);
    expect(events(run, "timeout.fired")).toHaveLength(1);
  });

  test("rate-limited fan-out: who waited for a connection, who for the rate, and never five at once", async () => {
    const run = await runOf("rate-limited-fan-out");
    expect(run.stdout).toMatch(/^24 summaries, 4 at a time at most\n/);
    expect(run.report.models).toEqual([expect.objectContaining({ model: "small", calls: 24, failed: 0 })]);
    const limiter = waits(run, "limiter");
    expect(limiter).toHaveLength(20);
    for (const [, subject, , outcome, waker] of limiter) {
      expect([subject, outcome, waker]).toEqual(["connections", "completed", expect.stringMatching(/^summarise \d+$/)]);
    }
    expect(waits(run, "rate").length).toBeGreaterThan(10);
    const holds = rows(run, "SELECT acquired, acquired + dur FROM hold");
    expect(holds).toHaveLength(24);
    expect(mostAtOnce(holds)).toBe(4);
    const [connections, rate] = run.report.waitTargets;
    expect(connections).toMatchObject({
      kind: "limiter",
      name: "connections",
      count: 20,
      heldLongestBy: { name: expect.stringMatching(/^summarise \d+$/) as string },
    });
    expect(rate).toMatchObject({ kind: "rate", name: "provider's rate", heldLongestBy: null });
    const sent = rows(run, "SELECT created FROM task WHERE kind = 'agent' ORDER BY created").map(([at]) => Number(at));
    expect((sent.at(-1)! - sent[0]!) / 1e6).toBeGreaterThan(400);
  });

  test("an agent team: members below the supervisor's calls, with models and tools of their own", async () => {
    const run = await runOf("agent-team");
    expect(run.stdout.split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^step 1, operator: /),
      expect.stringMatching(/^step 1, developer: /),
    ]);
    const path = rows(
      run,
      `SELECT agent.name, tool.name, step.name, lead.name FROM task AS agent JOIN task AS tool ON tool.id = agent.parent
       JOIN task AS step ON step.id = tool.parent JOIN task AS lead ON lead.id = step.parent WHERE agent.kind = 'agent' ORDER BY agent.name`,
    );
    expect(path).toEqual([
      ["developer", "developer", "Step 1", "lead"],
      ["operator", "operator", "Step 1", "lead"],
    ]);
    expect(run.report.models.map(({ model, calls, inputTokens }) => [model, calls, inputTokens])).toEqual([
      ["small", 4, 570],
      ["large", 2, 20],
    ]);
    const tools = run.report.tools.map(({ name }) => name).sort();
    expect(tools).toEqual(["developer", "operator", "read_code", "read_metrics", "search_logs"]);
  });
});

describe("cancelling", () => {
  test("a failing sibling: the group cancels the others, which give back what they held", async () => {
    const run = await runOf("failing-sibling");
    expect(run.stdout).toContain(
      "car: given back, failed\nflight: given back, cancelled\nhotel: given back, cancelled\n",
    );
    expect(run.stdout).toContain("book_trip failed: ExceptionGroup: Task group trip to Lisbon");
    expect(tasksBelow(run, "book_trip")).toEqual([
      ["flight", "cancelled"],
      ["hotel", "cancelled"],
      ["car", "failed"],
    ]);
    for (const name of ["flight", "hotel"]) {
      const [cancellation, ...others] = cancellations(run, name);
      expect(others).toEqual([]);
      expect(cancellation).toMatchObject({ source: "group", by: { name: "car" }, reason: "SoldOut", ignored: false });
      // The release, 40 ms, nothing interrupted.
      expect(cancellation?.latencyMs).toBeGreaterThanOrEqual(39);
    }
    expect(run.report.tools).toEqual([
      expect.objectContaining({ name: "book_trip", calls: 1, failed: 1, cancelled: 0 }),
    ]);
    // Its body was interrupted at its wait for the flight; the block is left by the error, which is no ignoring.
    expect(cancellations(run, "book_trip")).toEqual([
      expect.objectContaining({
        source: "group",
        ignored: false,
        scope: { kind: "group", name: "trip to Lisbon" },
        deliveredMs: expect.any(Number) as number,
      }),
    ]);
    expect(run.report.cancellations).toHaveLength(3);
    const reached = links(run, "cancel");
    expect(reached).toHaveLength(3);
    expect(reached).toEqual(expect.arrayContaining(["book_trip", "flight", "hotel"].map((name) => ["car", name])));
    const released = events(run, "resource.released").map(([, , , outcome, name]) => [name, outcome]);
    expect(released).toEqual([
      ["car", 1],
      ["flight", 2],
      ["hotel", 2],
    ]);
    expect(rows(run, "SELECT name, closed >= cancelled_at FROM scope WHERE kind = 'group'")).toEqual([
      ["trip to Lisbon", 1],
    ]);
  });

  test("a shielded write-back: the cancel waits for both writes, and comes before the third", async () => {
    const run = await runOf("shielded-write-back");
    expect(run.stdout).toMatch(
      /^the user presses stop\nwritten: T-1041\/state\nwritten: T-1041\/summary\nthe clerk stopped \d+ ms later\nin the store: .*state, .*summary\n$/,
    );
    // One row for each task that the one stop reached, and none for the signal itself.
    expect(run.report.cancellations.map(({ task, source }) => [task.name, source])).toEqual(
      ["clerk", "Step 1", "close_ticket"].map((name) => [name, "abortSignal"]),
    );
    const [pressed] = cancellations(run, "close_ticket");
    expect(pressed).toMatchObject({ by: null, reason: "Error", ignored: false });
    expect(pressed?.site).toMatchObject({ file: "examples/patterns/shielded-write-back.ts", function: "pressStop" });
    // The rest of the first write, and the second.
    expect(pressed?.latencyMs).toBeGreaterThan(120);
    expect(events(run, "shield.held_cancel").map(([, task]) => task)).toEqual(["close_ticket"]);
    const delivered = rows(
      run,
      `SELECT cancellation.delivered >= scope.closed FROM cancellation JOIN scope ON scope.task = cancellation.task
       WHERE scope.kind = 'shield' AND cancellation.source = 'abortSignal'`,
    );
    expect(delivered).toEqual([[1]]);
    const limits = rows(run, "SELECT round((deadline - opened) / 1e9) FROM scope WHERE kind = 'shield'");
    expect(limits).toEqual([[2]]);
  });

  test("nested timeouts: two of a request, then the tool's, each down to the connection", async () => {
    const run = await runOf("nested-timeouts");
    expect(run.stdout).toMatch(
      /^berlin: too slow .*\nparis: too slow .*\noslo: left .*\nfetch_report: timeout after \d+ ms\n/,
    );
    for (const mirror of ["berlin", "paris", "oslo"]) {
      const [request] = run.report.cancellations.filter(({ task }) => task.name.endsWith(mirror));
      expect(request).toMatchObject({ source: "deadline", ignored: false });
      expect(request?.latencyMs).toBeLessThan(250);
    }
    const scopes = rows(
      run,
      "SELECT (deadline - opened) / 1e6, cancelled_at IS NOT NULL FROM scope WHERE kind = 'timeout'",
    );
    // The last one was left by the tool's deadline, before its own.
    expect(scopes.map(([, isOver]) => isOver)).toEqual([1, 1, 0]);
    for (const [ms] of scopes) expect(Number(ms)).toBeCloseTo(250, -2);
    expect(events(run, "timeout.raised")).toHaveLength(2);
    expect(run.report.tools).toEqual([expect.objectContaining({ name: "fetch_report", calls: 1, cancelled: 1 })]);
  });

  test.each([
    ["SIGTERM", "graceful-shutdown", 143],
    ["SIGINT", "graceful-shutdown SIGINT", 130],
  ] as const)("a graceful shutdown by %s: the job goes back, the mailbox is closed", async (signal, pattern, code) => {
    const run = await runOf(pattern, code);
    expect(run.stdout).toMatch(
      new RegExp(`\n${signal}\n\\w+: back in the queue\nmailbox: closed, cancelled; \\d jobs are left\n$`),
    );
    const [main] = cancellations(run, "main");
    expect(main).toMatchObject({ source: "signal", by: null, reason: "InterruptedError", ignored: false });
    // The mailbox takes 30 ms to close.
    expect(main?.latencyMs).toBeGreaterThanOrEqual(29);
    expect(run.report.cancellations.map(({ task, source }) => [task.name, source])).toEqual(
      ["main", "worker", "clerk", "Step 1", "scripted"].map((name) => [name, "signal"]),
    );
    expect(run.report.cancellations.every(({ ignored }) => !ignored)).toBe(true);
    expect(events(run, "signal.received")).toEqual([["signal.received", "main", 1, 0, signal]]);
    expect(events(run, "resource.released")).toEqual([["resource.released", "main", 0, 2, "mailbox"]]);
    expect(run.report.models).toEqual([expect.objectContaining({ cancelled: 1, failed: 0 })]);
  });
});

describe("errors", () => {
  test("exception groups: what has a handler is handled, the rest fails the tool", async () => {
    const run = await runOf("exception-groups");
    expect(run.stdout).toContain("publish completed: published later\npublish failed: RecallFailed: the mail is out");
    expect(tasksBelow(run, "publish")).toEqual([
      ["chat", "failed"],
      ["mail", "cancelled"],
      ["wiki", "cancelled"],
      ["chat", "failed"],
      ["mail", "failed"],
      ["wiki", "cancelled"],
    ]);
    for (const cancellation of cancellations(run, "mail", "wiki")) {
      expect(cancellation).toMatchObject({
        source: "group",
        by: { name: "chat" },
        reason: "RateLimited",
        ignored: false,
      });
    }
    // The body of the group had returned: its task has no row.
    expect(cancellations(run, "publish")).toEqual([]);
    expect(events(run, "group.first_failure").map(([, task, , , text]) => [task, text])).toEqual([
      ["chat", "RateLimited"],
      ["chat", "RateLimited"],
    ]);
    expect(run.report.tools).toEqual([expect.objectContaining({ name: "publish", calls: 2, failed: 1, cancelled: 0 })]);
  });

  test("retries with fallback: every attempt with its pause, and the model that answered", async () => {
    const run = await runOf("retries-with-fallback");
    expect(run.stdout).toContain("answered by large, then small (degraded)\n");
    const scheduled = events(run, "retry.scheduled").map(([, task, ms]) => [task, ms]);
    expect(scheduled).toEqual([
      ["exchange_rate", 40],
      ["exchange_rate", 80],
      ["large", 150],
      ["large", 100],
    ]);
    expect(run.report.resilience).toEqual({ retries: 4, gaveUp: 1, fallbacks: 1, breakersOpened: 0 });
    expect(events(run, "retry.gave_up").map(([, task]) => task)).toEqual(["large"]);
    expect(events(run, "fallback.used")).toEqual([["fallback.used", "Step 2", 0, 1, expect.stringContaining("503")]]);
    expect(run.report.models.map(({ model, calls, failed }) => [model, calls, failed])).toEqual([
      ["large", 2, 1],
      ["small", 1, 0],
    ]);
    expect(run.report.tools).toEqual([expect.objectContaining({ name: "exchange_rate", calls: 1, failed: 0 })]);
  });
});

describe("what is shared", () => {
  test("a slow consumer: the model waits for the reader, and stops when the reader leaves", async () => {
    const run = await runOf("slow-consumer");
    expect(run.stdout).toMatch(
      /^72 words spoken; the model was 8 ahead at most and waited \d{3,} ms\nthe listener hung up after 10 words/,
    );
    const consumerIsSlow = events(run, "stream.paused").filter(([, task, slow]) => task === "words" && slow === 1);
    expect(consumerIsSlow.length).toBeGreaterThan(0);
    const depths = rows(
      run,
      `SELECT max(depth.depth) FROM depth JOIN subject ON subject.id = depth.subject WHERE subject.name = 'words'`,
    );
    expect(depths).toEqual([[8]]);
    // The one who hung up is told of every task that stopped for it, with the place in the program.
    const stopped = run.report.cancellations;
    const names = ["words", "parts of storyteller", "storyteller", "Step 1", "scripted"];
    expect(stopped.map(({ task }) => task.name)).toEqual(names);
    for (const hungUp of stopped) {
      expect(hungUp).toMatchObject({ source: "explicit", by: { name: "main" }, ignored: false });
      expect(hungUp.site).toMatchObject({ file: "examples/patterns/slow-consumer.ts" });
    }
    expect(run.report.waitTargets.map(({ kind, name }) => [kind, name])).toContainEqual(["stream", "words"]);
    expect(run.report.models).toEqual([expect.objectContaining({ calls: 2, cancelled: 1 })]);
    expect(events(run, "stream.break").map(([, task]) => task)).toContain("words");
  });

  test("pool and transaction: two connections at most, in turn; one order waits for another's", async () => {
    const run = await runOf("pool-and-transaction");
    expect(run.stdout).toContain("ben: timeout, place_order did not end");
    expect(run.stdout).toContain("in stock: 0 lamp, 1 desk\n");
    const holds = rows(run, "SELECT acquired, acquired + dur FROM hold");
    expect(holds).toHaveLength(4);
    expect(mostAtOnce(holds)).toBe(2);
    const waited = waits(run, "pool");
    expect(waited.map(([, subject, , outcome]) => [subject, outcome])).toEqual(
      Array(4).fill(["database", "completed"]),
    );
    expect(waited.slice(0, 2).map(([, , , , waker]) => waker)).toEqual(["place_order", "place_order"]);
    expect(links(run, "handoff")).toEqual(Array(2).fill(["place_order", "place_order"]));
    const [order] = cancellations(run, "place_order");
    expect(order).toMatchObject({ source: "deadline", ignored: false });
    expect(order?.latencyMs).toBeGreaterThanOrEqual(9);
    expect(run.report.tools).toEqual([
      expect.objectContaining({ name: "place_order", calls: 4, failed: 1, cancelled: 1 }),
    ]);
  });

  test("offloaded CPU: the runaway thread is ended by its tool's deadline, and the event loop never held", async () => {
    const run = await runOf("offloaded-cpu");
    expect(run.stdout).toContain("search_log: completed, 4 lines\nsearch_log: timeout, ");
    expect(run.stdout).toContain("the event loop went on all the time");
    const kinds = events(run, "thread.%").map(([kind]) => String(kind));
    expect(kinds.sort((a, b) => a.localeCompare(b))).toEqual([
      "thread.ended",
      "thread.queued",
      "thread.queued",
      "thread.started",
      "thread.started",
      "thread.terminated",
    ]);
    // Nothing of how a thread is ended.
    expect(run.report.cancellations.map(({ task, source, ignored }) => [task.name, source, ignored])).toEqual([
      ["search_log", "deadline", false],
      ["matchLines (match-lines.ts)", "deadline", false],
    ]);
    expect(run.report.tools).toEqual([expect.objectContaining({ name: "search_log", calls: 2, cancelled: 1 })]);
    expect(rows(run, "SELECT count(*), count(dur) FROM hold")).toEqual([[2, 2]]);
  });
});
