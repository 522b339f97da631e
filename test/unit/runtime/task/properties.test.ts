/**
 * What holds for any tree of groups, supervisors, deadlines, scopes, shields and waits under any cancels: a group never
 * ends before its children, every error reaches exactly one place, and nothing is left behind.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  CancelledError,
  ExceptionGroup,
  Runner,
  TaskCancelledError,
  TimeoutError,
  cancelScope,
  checkpoint,
  createTask,
  currentTask,
  gather,
  getSuppressed,
  mapConcurrent,
  moveOnAfter,
  scope,
  shielded,
  sleep,
  supervisorGroup,
  taskGroup,
  timeout,
  waitFor,
  type ErrorReport,
  type Task,
} from "../../../../src-runtime/index.ts";
import { createTestClock } from "../../../../src-runtime/testing/clock.ts";
import type { TaskImpl } from "../../../../src-runtime/task/task.ts";

type Node =
  | { readonly kind: "leaf"; readonly ms: number; readonly end: LeafEnd; readonly cleanup: Cleanup }
  | { readonly kind: "timeout" | "moveOn" | "waitFor" | "scope"; readonly ms: number; readonly child: Node }
  | { readonly kind: "shield"; readonly child: Node }
  | {
      readonly kind: "group" | "supervisor" | "open";
      readonly ms: number;
      readonly end: BodyEnd;
      readonly children: readonly Node[];
    };

type LeafEnd = "return" | "fail" | "catch and return" | "plain promise";
type Cleanup = "none" | "shielded" | "fails" | "shielded, then fails";
type BodyEnd = "return" | "fail" | "cancel" | "start";

const ms = fc.integer({ min: 0, max: 60 });

const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "large" },
    fc.record({
      kind: fc.constant("leaf" as const),
      ms,
      end: fc.constantFrom<LeafEnd>("return", "return", "fail", "catch and return", "plain promise"),
      cleanup: fc.constantFrom<Cleanup>("none", "none", "shielded", "fails", "shielded, then fails"),
    }),
    fc.record({
      kind: fc.constantFrom("timeout" as const, "moveOn" as const, "waitFor" as const, "scope" as const),
      ms,
      child: tie("tree"),
    }),
    fc.record({ kind: fc.constant("shield" as const), child: tie("tree") }),
    fc.record({
      kind: fc.constantFrom("group" as const, "group" as const, "supervisor" as const, "open" as const),
      ms,
      end: fc.constantFrom<BodyEnd>("return", "return", "fail", "cancel", "start"),
      children: fc.array(tie("tree"), { minLength: 1, maxLength: 4, size: "max" }),
    }),
  ),
}));

const cancels = fc.array(fc.record({ after: fc.integer({ min: 0, max: 40 }), victim: fc.nat() }), { maxLength: 5 });

/** An error of the program: thrown once. */
class Planted extends Error {}

class World {
  readonly thrown = new Set<Planted>();
  readonly handled: unknown[] = [];
  readonly tasks: Task[] = [];
  /** Groups that had ended before a child. */
  readonly early: string[] = [];

  fail(what: string): never {
    const error = new Planted(`${what} ${this.thrown.size}`);
    this.thrown.add(error);
    throw error;
  }

  keep<T>(task: Task<T>): Task<T> {
    this.tasks.push(task);
    return task;
  }
}

async function grow(world: World, node: Node): Promise<void> {
  switch (node.kind) {
    case "leaf":
      return leaf(world, node);
    case "timeout":
      return timeout(node.ms, () => grow(world, node.child));
    case "moveOn":
      await moveOnAfter(node.ms, () => grow(world, node.child));
      return;
    case "waitFor":
      return waitFor(() => grow(world, node.child), node.ms, { grace: Infinity });
    case "scope":
      await cancelScope(() => grow(world, node.child), { deadline: 2 * node.ms });
      return;
    case "shield":
      return shielded(() => grow(world, node.child));
    case "open":
      return open(world, node);
    case "group":
    case "supervisor":
      return group(world, node);
  }
}

async function leaf(world: World, node: Extract<Node, { kind: "leaf" }>): Promise<void> {
  let isCut = true;
  try {
    if (node.end === "plain promise") await Promise.resolve();
    else await sleep(node.ms);
    isCut = false;
  } catch (error) {
    if (node.end !== "catch and return") throw error;
  } finally {
    if (node.cleanup.startsWith("shielded")) await shielded(() => sleep(node.ms / 2));
    if (node.cleanup.endsWith("fails") && isCut) world.fail("cleanup");
  }
  if (node.end === "fail") world.fail("leaf");
}

type Block = Extract<Node, { kind: "group" | "supervisor" | "open" }>;

async function group(world: World, node: Block): Promise<void> {
  const children: Task[] = [];
  const makeGroup = node.kind === "group" ? taskGroup : supervisorGroup;
  const options =
    node.kind === "supervisor" && node.ms % 2 === 0
      ? { onChildError: (error: unknown) => world.handled.push(error) }
      : {};
  try {
    await makeGroup(async (tg) => {
      for (const [index, child] of node.children.entries()) {
        children.push(world.keep(tg.createTask(() => grow(world, child), index % 2 === 1 ? { start: "eager" } : {})));
        if (index === 1 && node.ms % 3 === 0) await checkpoint();
      }
      if (node.end === "start") {
        await tg.start(async (started: () => void) => {
          children.push(world.keep(currentTask()));
          await sleep(node.ms);
          started();
          await sleep(node.ms);
        });
      } else await sleep(node.ms);
      if (node.end === "fail") world.fail("body");
      if (node.end === "cancel") tg.cancel();
    }, options);
  } finally {
    for (const child of children) if (!child.done()) world.early.push(child.name);
  }
}

async function open(world: World, node: Block): Promise<void> {
  const children: Task[] = [];
  try {
    await using block = scope();
    for (const child of node.children) children.push(world.keep(block.spawn(() => grow(world, child))));
    await sleep(node.ms);
    if (node.end === "fail") world.fail("body");
  } finally {
    for (const child of children) if (!child.done()) world.early.push(child.name);
  }
}

/** Everything an error leads to, itself included. */
function* reached(error: unknown): Iterable<unknown> {
  if (error instanceof AggregateError) for (const each of error.errors as unknown[]) yield* reached(each);
  else if (error instanceof SuppressedError) {
    yield* reached(error.suppressed);
    yield* reached(error.error);
  } else yield error;
  for (const each of getSuppressed(error)) yield* reached(each);
}

test("any tree under any cancels: groups outlast their children, each error reaches one place, nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(tree, cancels, async (node, plan) => {
      const world = new World();
      const reports: ErrorReport[] = [];
      const clock = createTestClock();
      const runner = new Runner({ clock, signals: [], onError: (report) => void reports.push(report) });
      const outcome = await runner.run(async () => {
        const root = world.keep(createTask(() => grow(world, node)));
        const settling = root.settled();
        for (const { after, victim } of plan) {
          await clock.advance(after);
          world.tasks[victim % world.tasks.length]?.cancel(victim);
        }
        await clock.advance(2000);
        expect(world.tasks.filter((task) => !task.done()).map(({ name }) => name)).toEqual([]);
        const settled = await settling;
        await checkpoint();
        await checkpoint();
        const main = currentTask() as TaskImpl;
        expect(runner.tasks().map(({ name }) => name)).toEqual(["main"]);
        expect([main.waits, [...main.scope.children()].length]).toEqual([0, 0]);
        expect([...main.scope.runner.root.children()]).toEqual([main.scope]);
        expect(main.scope.runner.timers.size).toBe(0);
        return settled;
      });
      await runner.close();
      expect(clock.next()).toBe(Infinity);
      expect(world.early).toEqual([]);
      const found = [
        ...(outcome.status === "failed" ? reached(outcome.error) : []),
        ...world.handled.flatMap((error) => [...reached(error)]),
        ...reports.flatMap(({ error }) => [...reached(error)]),
      ];
      const planted = found.filter((error) => error instanceof Planted);
      expect(planted.map(({ message }) => message).toSorted()).toEqual(
        [...world.thrown].map(({ message }) => message).toSorted(),
      );
      // No cancellation comes out as an error, but of a task that is no awaiter's own.
      expect(found.filter((error) => error instanceof CancelledError)).toEqual([]);
      for (const error of found) {
        expect([Planted, TimeoutError, TaskCancelledError].some((type) => error instanceof type)).toBe(true);
      }
    }),
    { numRuns: 1500 },
  );
}, 60_000);

test("any cancels and uncancels: the count is kept, and a wait throws exactly while it is above nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("cancel", "uncancel", "wait", "nested wait"), { maxLength: 30 }),
      async (steps) => {
        const runner = new Runner({ signals: [] });
        await runner.run(async () => {
          const task = createTask(async () => {
            const me = currentTask();
            let count = 0;
            for (const step of steps) {
              if (step === "cancel") {
                me.cancel(count);
                count++;
              } else if (step === "uncancel") {
                count = Math.max(0, count - 1);
                expect(me.uncancel()).toBe(count);
              } else {
                const wait = step === "wait" ? checkpoint() : cancelScope(() => checkpoint());
                const thrown = await wait.then(
                  () => false,
                  (error: unknown) => error instanceof CancelledError,
                );
                expect(thrown).toBe(count > 0);
              }
              expect(me.cancelling()).toBe(count);
            }
            while (me.cancelling() > 0) me.uncancel();
            await checkpoint();
          });
          await task;
        });
        await runner.close();
      },
    ),
    { numRuns: 200 },
  );
});

test("any delays: gather and mapConcurrent give results in input order", async () => {
  const inputs = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(inputs, fc.integer({ min: 1, max: 5 }), async (delays, limit) => {
      const clock = createTestClock();
      const runner = new Runner({ clock, signals: [] });
      await runner.run(async () => {
        let running = 0;
        let most = 0;
        const work = async (delay: number, index: number): Promise<string> => {
          most = Math.max(most, ++running);
          await sleep(delay);
          running--;
          return `${index} after ${delay}`;
        };
        const expected = delays.map((delay, index) => `${index} after ${delay}`);
        const gathered = createTask(async () => gather(delays.map((delay, index) => () => work(delay, index))));
        await clock.advance(30);
        expect(await gathered).toEqual(expected);
        most = 0;
        const mapped = createTask(() => mapConcurrent(delays, limit, work));
        await clock.advance(500);
        expect(await mapped).toEqual(expected);
        expect(most).toBeLessThanOrEqual(limit);
      });
      await runner.close();
    }),
    { numRuns: 50 },
  );
});

interface Errors {
  readonly many: readonly (number | Errors)[];
}

test("any group: split parts it into what matches and the rest, in order and shape", () => {
  const { errors } = fc.letrec<{ errors: Errors }>((tie) => ({
    errors: fc.record({
      many: fc.array(fc.oneof({ maxDepth: 4 }, fc.nat(), tie("errors")), { minLength: 1, maxLength: 4 }),
    }),
  }));
  const build = ({ many }: Errors): ExceptionGroup =>
    new ExceptionGroup(many.map((each) => (typeof each === "number" ? each : build(each))));
  const keep = ({ many }: Errors, p: (n: number) => boolean): unknown[] =>
    many.flatMap((each): unknown[] => {
      if (typeof each === "number") return p(each) ? [each] : [];
      const inside = keep(each, p);
      return inside.length === 0 ? [] : [inside];
    });
  const shape = (group: ExceptionGroup | null): unknown[] =>
    (group?.errors ?? []).map((each: unknown) => (each instanceof ExceptionGroup ? shape(each) : each));
  fc.assert(
    fc.property(errors, fc.integer({ min: 1, max: 4 }), (plan, divisor) => {
      const isMatch = (n: unknown): boolean => (n as number) % divisor === 0;
      const [matching, rest] = build(plan).split(isMatch);
      expect(shape(matching)).toEqual(keep(plan, isMatch));
      expect(shape(rest)).toEqual(keep(plan, (n) => !isMatch(n)));
      expect([matching, rest].every((group) => group === null || group.errors.length > 0)).toBe(true);
    }),
  );
});
