/** Mocks of asynchronous functions, on the clock of the test. */
import { CancelledError, TimeoutError, gather, now, sleep, timeout } from "stallscope";
import { describe } from "vitest";
import { asyncMock, expect, test } from "stallscope/testing";

describe("asyncMock", () => {
  test("is vitest's mock", async () => {
    const mock = asyncMock<[string], number>().returns(3);
    await expect(mock("a")).resolves.toBe(3);
    expect(mock).toHaveBeenCalledExactlyOnceWith("a");
    mock.mockResolvedValueOnce(4);
    await expect(mock("b")).resolves.toBe(4);
    await expect(mock("c")).resolves.toBe(3);
  });

  test("delays on the clock of the test, whatever it does then", async () => {
    const mock = asyncMock(async (word: string) => word.toUpperCase()).delay(60_000);
    await expect(mock("hi")).resolves.toBe("HI");
    expect(now()).toBe(60_000);
    mock.mockRejectedValueOnce(new Error("down"));
    await expect(mock("hi")).rejects.toThrow("down");
    expect(now()).toBe(120_000);
  });

  test("fails some times, then works", async () => {
    const mock = asyncMock().failTimes(2).resolves("ok");
    await expect(mock()).rejects.toThrow("time 1");
    await expect(mock()).rejects.toThrow("time 2");
    await expect(mock()).resolves.toBe("ok");
    mock.failTimes(1, "a reason");
    await expect(mock()).rejects.toBe("a reason");
    expect(() => mock.failTimes(-1)).toThrow(RangeError);
    expect(() => mock.delay(Number.NaN)).toThrow(RangeError);
  });

  test("counts overlaps", async () => {
    const mock = asyncMock().delay(10);
    const work = gather([() => mock(), () => mock(), () => mock()], { limit: 2 });
    await sleep(5);
    expect(mock.concurrent).toBe(2);
    await work;
    expect(mock.concurrent).toBe(0);
    expect(mock.maxConcurrent).toBe(2);
  });

  test("hangs until its scope is cancelled", async () => {
    const mock = asyncMock().hang();
    await expect(timeout(100, () => mock())).rejects.toThrow(TimeoutError);
    expect(mock.cancelled).toBe(1);
    expect(mock.concurrent).toBe(0);
  });

  test("a cancel ends a delay", async ({ rt }) => {
    const mock = asyncMock().delay(1000);
    const task = rt.createTask(async () => void (await mock()));
    await sleep(10);
    task.cancel("enough");
    await task.settled();
    expect(task.cancelled()).toBe(true);
    expect(now()).toBe(10);
    expect(mock.cancelled).toBe(1);
    await expect(mock.mock.results[0]?.value).rejects.toBeInstanceOf(CancelledError);
  });

  test.for(["signal", "abortSignal"])("obeys the %s it is given", async (name) => {
    const controller = new AbortController();
    const mock = asyncMock().hang();
    const call = mock({ [name]: controller.signal });
    controller.abort(new Error("not wanted"));
    await expect(call).rejects.toThrow("not wanted");
    expect(mock.cancelled).toBe(1);
  });
});
