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

test("without OpenTelemetry an agent works", async () => {
  vi.doMock("@opentelemetry/api", () => {
    throw new Error("Cannot find package '@opentelemetry/api'");
  });
  const { NO_TELEMETRY, loadTelemetry } = await import("../../../../src-runtime/agent/telemetry.ts");
  expect(await loadTelemetry()).toBe(NO_TELEMETRY);
  const { agent, run, scriptedModel } = await import("../../../../src-runtime/index.ts");
  expect((await run(() => agent({ name: "a", model: scriptedModel(["ok"]) }).run("x"))).text).toBe("ok");
});
