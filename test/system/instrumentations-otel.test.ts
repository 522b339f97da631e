import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programPath, trace, type SeenTask } from "./instrumentations-trace.ts";

const run = promisify(execFile);
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const INVALID = "none";

/** A second copy of the API that the SDK uses, as another package would bring it. */
let copies = "";
beforeAll(async () => {
  await mkdir(join(modules, ".cache"), { recursive: true });
  copies = await mkdtemp(join(modules, ".cache/opentelemetry-"));
  await cp(join(modules, "@opentelemetry/api"), join(copies, "api"), { recursive: true });
});
afterAll(() => rm(copies, { recursive: true, force: true }));

interface Case {
  readonly program: "otel.cjs" | "otel.mjs";
  readonly api: "1.9" | "1.10" | "second copy of 1.9";
  readonly how: "none" | "sdk" | "late" | "api";
  /** Whether the program's own spans record. */
  readonly records: boolean;
}

const cases: readonly Case[] = (["otel.cjs", "otel.mjs"] as const).flatMap((program): readonly Case[] => [
  { program, api: "1.9", how: "none", records: false },
  { program, api: "1.9", how: "sdk", records: true },
  { program, api: "1.9", how: "late", records: true },
  { program, api: "second copy of 1.9", how: "sdk", records: true },
  { program, api: "second copy of 1.9", how: "late", records: false },
  { program, api: "1.10", how: "none", records: false },
  { program, api: "1.10", how: "api", records: true },
  // The SDK registers 1.9, which tells 1.10 nothing.
  { program, api: "1.10", how: "sdk", records: false },
  { program, api: "1.10", how: "late", records: false },
]);

function argumentOf(api: Case["api"]): string {
  return api === "second copy of 1.9" ? join(copies, "api/build/src/index.js") : api;
}

describe("OpenTelemetry", () => {
  it.each(cases)(
    "sees the spans of $program with API $api, SDK $how, and changes nothing of them",
    async ({ program, api, how, records }) => {
      const args = [argumentOf(api), how];
      const traced = await trace(program, { args });
      const alone = await run(process.execPath, [programPath(program), ...args]);
      expect(traced.stderr).toBe("");
      expect(traced.stdout).toBe(alone.stdout);
      const said = JSON.parse(traced.stdout) as { readonly seen: readonly boolean[]; readonly exported: unknown };
      expect(said.seen[0]).toBe(records);
      expect(said.exported).toEqual(records ? ["inner (child)", "outer"] : []);

      expect(traced.spans.map(({ name, outcome, error }) => [name, outcome, error])).toEqual([
        ...(how === "late" ? [["too early", "completed", undefined]] : []),
        ["outer", "completed", undefined],
        ["inner", "failed", "RangeError"],
      ]);
      const outer = traced.span("outer");
      const inner = traced.span("inner");
      const id = (span: SeenTask, key: string): unknown => span.attributes[`otel.${key}`] ?? INVALID;
      const { "otel.trace_id": traceId, "otel.span_id": spanId, ...attributes } = outer.attributes;
      expect([typeof traceId, typeof spanId]).toEqual(records ? ["string", "string"] : ["undefined", "undefined"]);
      expect(attributes).toEqual({
        "otel.scope.name": "story",
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 7,
        "http.url": "http://host:81/path?key=…",
      });
      expect(id(inner, "parent_span_id")).toBe(id(outer, "span_id"));
      expect(JSON.stringify(traced.changes)).not.toContain("planted");

      const stalls = traced.changes.flatMap((change) =>
        change.do === "stall" && change.row.span !== 0 ? [change.row.span] : [],
      );
      expect(new Set(stalls)).toEqual(new Set([outer.id]));
    },
  );
});
