/** What the public API infers. The checks are the compiler's: `tsc -p test` fails where one does not hold. */
import { expectTypeOf, test } from "vitest";
import type * as api from "../../../../src-runtime/index.ts";
import {
  AsyncExitStack,
  ContextVar,
  type ExceptionGroup,
  LifoQueue,
  Lock,
  PriorityQueue,
  Queue,
  asCompleted,
  cancelScope,
  cancellable,
  catchGroup,
  circuitBreaker,
  createTask,
  currentSignal,
  currentTask,
  fallback,
  firstSuccess,
  gather,
  mapConcurrent,
  moveOnAfter,
  race,
  retry,
  run,
  scope,
  shield,
  shielded,
  stream,
  supervisorGroup,
  taskGroup,
  timeout,
  timeoutAt,
  toThread,
  use,
  wait,
  waitFor,
  type AgentStream,
  type CancelRequest,
  type Gather,
  type Guard,
  type ScopeResult,
  type Settled,
  type Task,
  type TaskState,
  type WaitResult,
} from "../../../../src-runtime/index.ts";

declare const task: Task<number>;
declare const tasks: Task<string>[];
const one = async (): Promise<1> => 1;
const text = async (): Promise<string> => "text";

test("tasks carry the type of their outcome", () => {
  void (() => {
    expectTypeOf(run(one)).toEqualTypeOf<Promise<1>>();
    expectTypeOf(createTask(text)).toEqualTypeOf<Task<string>>();
    expectTypeOf(createTask(async () => undefined)).toEqualTypeOf<Task<undefined>>();
    expectTypeOf<Awaited<Task<number>>>().toEqualTypeOf<number>();
    expectTypeOf(task.result()).toEqualTypeOf<number>();
    expectTypeOf(task.exception()).toEqualTypeOf<unknown>();
    expectTypeOf(task.join()).toEqualTypeOf<Promise<number>>();
    expectTypeOf(task.settled()).toEqualTypeOf<Promise<Settled<number>>>();
    expectTypeOf(task.state).toEqualTypeOf<TaskState>();
    expectTypeOf(task.cancelRequests).toEqualTypeOf<readonly CancelRequest[]>();
    expectTypeOf(
      task.addDoneCallback((ended) => expectTypeOf(ended).toEqualTypeOf<Task<number>>()),
    ).toExtend<Disposable>();
    expectTypeOf(currentTask()).toEqualTypeOf<Task<unknown>>();
    expectTypeOf(currentSignal()).toEqualTypeOf<AbortSignal>();
    expectTypeOf(cancellable(Promise.resolve(1))).toEqualTypeOf<Promise<number>>();
    expectTypeOf(task).toExtend<Task>();
    // @ts-expect-error -- A function is needed, not its promise.
    createTask(text());
    // @ts-expect-error -- There is no such way to start.
    createTask(text, { start: "later" });
  });
});

test("a settled outcome is told by its status", () => {
  void (() => {
    const settled = {} as Settled<number>;
    if (settled.status === "completed") expectTypeOf(settled.value).toEqualTypeOf<number>();
    else expectTypeOf(settled.error).toEqualTypeOf<unknown>();
  });
});

test("groups and scopes", () => {
  void (() => {
    expectTypeOf(taskGroup(text)).toEqualTypeOf<Promise<string | undefined>>();
    expectTypeOf(supervisorGroup(one)).toEqualTypeOf<Promise<1 | undefined>>();
    void taskGroup(async (tg) => {
      expectTypeOf(tg.createTask(one)).toEqualTypeOf<Task<1>>();
      expectTypeOf(tg.start(async (started: (port: number) => void) => started(1))).toEqualTypeOf<Promise<number>>();
      const starting = tg.start(async (started: () => void) => started());
      expectTypeOf(starting).toEqualTypeOf<Promise<void>>();
      expectTypeOf(tg.start<string>(async (started) => started("x"))).toEqualTypeOf<Promise<string>>();
      expectTypeOf(tg.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(tg.size).toEqualTypeOf<number>();
    });
    void supervisorGroup(text, { onChildError: (error, child) => expectTypeOf(child).toEqualTypeOf<Task>() && error });
    expectTypeOf(cancelScope(text)).toEqualTypeOf<Promise<ScopeResult<string>>>();
    const result = {} as ScopeResult<string>;
    if (result.cancelled) expectTypeOf(result.value).toEqualTypeOf<undefined>();
    else expectTypeOf(result.value).toEqualTypeOf<string>();
    expectTypeOf(scope().spawn(one)).toEqualTypeOf<Task<1>>();
    expectTypeOf(scope()).toExtend<AsyncDisposable>();
  });
});

test("gather infers a tuple", () => {
  void (() => {
    expectTypeOf(gather([one, text, task])).toEqualTypeOf<Gather<[1, string, number]>>();
    expectTypeOf(gather(tasks)).toEqualTypeOf<Gather<string[]>>();
    expectTypeOf(gather([])).toEqualTypeOf<Gather<[]>>();
    expectTypeOf(gather([text, Promise.resolve(true)], { limit: 2, onError: "cancel" })).toEqualTypeOf<
      Gather<[string, boolean]>
    >();
    expectTypeOf(gather([one, text], { returnExceptions: true })).toEqualTypeOf<Gather<[1 | Error, string | Error]>>();
    expectTypeOf<Awaited<Gather<[1, string]>>>().toEqualTypeOf<[1, string]>();
    // @ts-expect-error -- A number can't be awaited.
    gather([5]);
  });
});

test("wait, asCompleted, race and the like", () => {
  void (() => {
    expectTypeOf(wait(tasks)).toEqualTypeOf<Promise<WaitResult<Task<string>>>>();
    expectTypeOf<WaitResult<Task<string>>["done"]>().toEqualTypeOf<Set<Task<string>>>();
    void (async () => {
      for await (const ended of asCompleted(tasks)) expectTypeOf(ended.result()).toEqualTypeOf<string>();
    });
    expectTypeOf(race([text, text])).toEqualTypeOf<Promise<string>>();
    expectTypeOf(race([text, async () => 1])).toEqualTypeOf<Promise<string | number>>();
    expectTypeOf(timeout(1, () => gather([text, async () => 1]))).toEqualTypeOf<Promise<[string, number]>>();
    expectTypeOf(createTask(() => createTask(text))).toEqualTypeOf<Task<string>>();
    expectTypeOf(gather<number>([async () => 1])).toEqualTypeOf<Gather<number[]>>();
    expectTypeOf(gather([text], { returnExceptions: Math.random() > 2 })).toEqualTypeOf<Gather<[string | Error]>>();
    expectTypeOf(race<number>([async () => 1])).toEqualTypeOf<Promise<number>>();
    expectTypeOf(firstSuccess([one, one])).toEqualTypeOf<Promise<1>>();
    expectTypeOf(mapConcurrent([1, 2], 2, async (item) => String(item))).toEqualTypeOf<Promise<string[]>>();
  });
});

test("time and protection keep the type of the work", () => {
  void (() => {
    expectTypeOf(timeout(1, text)).toEqualTypeOf<Promise<string>>();
    void timeoutAt(null, async (block) => {
      expectTypeOf(block.when()).toEqualTypeOf<number | null>();
      expectTypeOf(block.expired()).toEqualTypeOf<boolean>();
    });
    expectTypeOf(waitFor(text, 1)).toEqualTypeOf<Promise<string>>();
    expectTypeOf(waitFor(task, null)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(waitFor(Promise.resolve(true), 1, { grace: 0 })).toEqualTypeOf<Promise<boolean>>();
    expectTypeOf(shield(task)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(shield(one)).toEqualTypeOf<Promise<1>>();
    expectTypeOf(shielded(text, { timeout: 1 })).toEqualTypeOf<Promise<string>>();
    void moveOnAfter(1, text).then((result) => {
      if (result.timedOut) expectTypeOf(result.value).toEqualTypeOf<undefined>();
      else expectTypeOf(result.value).toEqualTypeOf<string>();
    });
  });
});

test("errors", () => {
  void (() => {
    const group = {} as ExceptionGroup;
    expectTypeOf(group.split(() => true)).toEqualTypeOf<[ExceptionGroup | null, ExceptionGroup | null]>();
    expectTypeOf(group.subgroup(() => true)).toEqualTypeOf<ExceptionGroup | null>();
    expectTypeOf(group.leaves()).toEqualTypeOf<Iterable<unknown>>();
    expectTypeOf(
      catchGroup(group)
        .on(TypeError, (part) => void expectTypeOf(part).toEqualTypeOf<ExceptionGroup>())
        .on(
          (error) => error === 1,
          async () => undefined,
        )
        .end(),
    ).toEqualTypeOf<Promise<void>>();
  });
});

test("synchronisation and streams", () => {
  void (() => {
    expectTypeOf(new Lock().acquire()).toEqualTypeOf<Promise<Guard>>();
    expectTypeOf(new Lock().tryAcquire()).toEqualTypeOf<Guard | undefined>();
    const queue = new Queue<{ readonly id: number }>(5, {
      onUndelivered: (item) => expectTypeOf(item.id).toBeNumber(),
    });
    expectTypeOf(queue.get()).toEqualTypeOf<Promise<{ readonly id: number }>>();
    expectTypeOf(queue.getNowait()).toEqualTypeOf<{ readonly id: number }>();
    expectTypeOf(new LifoQueue<string>(1).get()).toEqualTypeOf<Promise<string>>();
    expectTypeOf(new PriorityQueue<number>(1).getNowait()).toEqualTypeOf<number>();
    const items = stream<number>(async (emit, signal) => {
      expectTypeOf(emit).parameter(0).toEqualTypeOf<number>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      await emit(1);
    });
    expectTypeOf(items).toEqualTypeOf<AgentStream<number>>();
    void (async () => {
      for await (const item of items) expectTypeOf(item).toEqualTypeOf<number>();
    });
  });
});

test("resources, resilience, threads, context", () => {
  void (() => {
    expectTypeOf(
      use(
        async () => ({ port: 1 }),
        async ({ port }) => String(port),
        async (resource, outcome) => {
          expectTypeOf(resource).toEqualTypeOf<{ port: number }>();
          expectTypeOf(outcome.status).toEqualTypeOf<"completed" | "failed" | "cancelled">();
        },
      ),
    ).toEqualTypeOf<Promise<string>>();
    const guard = {} as Guard;
    expectTypeOf(new AsyncExitStack().use(guard)).toEqualTypeOf<Guard>();
    expectTypeOf(retry(text, { shouldRetryResult: (value) => value === "" })).toEqualTypeOf<Promise<string>>();
    expectTypeOf(circuitBreaker({ failures: 1, halfOpenAfter: 1 }).execute(one)).toEqualTypeOf<Promise<1>>();
    expectTypeOf(fallback([text, text])).resolves.not.toBeAny();
    expectTypeOf(toThread(new URL("file:///x.js"), "fn", [1])).toEqualTypeOf<Promise<unknown>>();
    expectTypeOf(toThread<number>(new URL("file:///x.js"), "fn", [1])).toEqualTypeOf<Promise<number>>();
    const variable = new ContextVar<string>("name");
    expectTypeOf(variable.get()).toEqualTypeOf<string | undefined>();
    expectTypeOf(variable.run("value", () => 5)).toEqualTypeOf<number>();
  });
});

type IsAny<T> = 0 extends 1 & T ? true : false;
type AnyOf<T extends readonly unknown[]> = { [K in keyof T]: IsAny<T[K]> }[number];
type TakesOrGivesAny<F> = F extends (...args: infer A) => infer R ? AnyOf<A> | IsAny<R> | IsAny<Awaited<R>> : IsAny<F>;
/** An instance's own members; `errors` is the language's. */
type MemberAny<T> = { [K in Exclude<keyof T, "errors">]: TakesOrGivesAny<T[K]> }[Exclude<keyof T, "errors">];
type ExportAny<T> = T extends abstract new (...args: infer A) => infer I ? AnyOf<A> | MemberAny<I> : TakesOrGivesAny<T>;
type Offenders<Api> = { [K in keyof Api]: true extends ExportAny<Api[K]> ? K : never }[keyof Api];

test("nothing public is any", () => {
  void (() => {
    expectTypeOf<Offenders<typeof api>>().toEqualTypeOf<never>();
    // The guard fires.
    interface Planted {
      readonly fine: typeof run;
      // oxlint-disable-next-line typescript/no-explicit-any -- Planted.
      readonly result: () => Promise<any>;
      // oxlint-disable-next-line typescript/no-explicit-any -- Planted.
      readonly argument: (value: any) => void;
      // oxlint-disable-next-line typescript/no-explicit-any -- Planted.
      readonly member: new () => { method(): any };
    }
    expectTypeOf<Offenders<Planted>>().toEqualTypeOf<"result" | "argument" | "member">();
  });
});
