/** The peers of agents may be missing. */
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.doUnmock("ai");
  vi.doUnmock("@opentelemetry/api");
  vi.resetModules();
});

test("without the AI SDK an agent says what to install", async () => {
  vi.doMock("ai", () => {
    throw new Error("Cannot find package 'ai'");
  });
  const { loadAi } = await import("../../../../src-runtime/agent/library.ts");
  await expect(loadAi()).rejects.toMatchObject({
    name: "MissingPackageError",
    message: expect.stringContaining("Install the package ai: npm install ai@7"),
  });
});

test("an agent is made without it, and its run says so", async () => {
  vi.doMock("ai", () => {
    throw new Error("Cannot find package 'ai'");
  });
  const { agent, run, scriptedModel } = await import("../../../../src-runtime/index.ts");
  const made = agent({ name: "a", model: scriptedModel(["ok"]) });
  // A rejection nobody handles would fail the test.
  await new Promise((resolve) => void setImmediate(resolve));
  await expect(run(() => made.run("x"))).rejects.toMatchObject({ name: "MissingPackageError" });
});

test("the packages begin to load when an agent is made, not when it first runs", async () => {
  const loaded: string[] = [];
  for (const name of ["ai", "@opentelemetry/api"]) {
    vi.doMock(name, (original) => {
      loaded.push(name);
      return original();
    });
  }
  const { agent, scriptedModel } = await import("../../../../src-runtime/index.ts");
  expect(loaded).toEqual([]);
  agent({ name: "a", model: scriptedModel(["ok"]) });
  await vi.waitFor(() => expect(loaded.toSorted()).toEqual(["@opentelemetry/api", "ai"]));
});

test("without OpenTelemetry an agent works", async () => {
  vi.doMock("@opentelemetry/api", () => {
    throw new Error("Cannot find package '@opentelemetry/api'");
  });
  const { NO_TELEMETRY, loadTelemetry } = await import("../../../../src-runtime/agent/telemetry.ts");
  expect(await loadTelemetry()).toBe(NO_TELEMETRY);
  const { agent, run, scriptedModel } = await import("../../../../src-runtime/index.ts");
  expect((await run(() => agent({ name: "a", model: scriptedModel(["ok"]) }).run("x"))).text).toBe("ok");
});
