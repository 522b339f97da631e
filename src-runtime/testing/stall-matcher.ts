/**
 * `expect(recording).toHaveNoStallOver(ms)`: the event loop of a recorded run was never held for longer than that. It
 * takes the path of a recording, or a report (`stallscope report --json`).
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeValue } from "../task/errors.ts";

const BIN = "src-main/cli/stallscope.js";
const MAX_REPORT = 2 ** 30;

/** Of a report, what is looked at. */
interface Stalls {
  readonly stalls: readonly {
    /** Null: still blocked at the end of what is known. */
    readonly durationMs: number | null;
    readonly task?: { readonly name: string } | null;
    readonly blame?: { readonly file?: string; readonly line?: number; readonly function?: string } | null;
  }[];
}

export interface StallMatchers<R = void> {
  /** No stall of the event loop took more than `ms` milliseconds. */
  toHaveNoStallOver(ms: number): R;
}

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends StallMatchers<R> {}
}

export function toHaveNoStallOver(recording: unknown, ms: number): { pass: boolean; message: () => string } {
  if (!(ms >= 0)) throw new RangeError(`toHaveNoStallOver() needs milliseconds, not ${describeValue(ms)}.`);
  const { stalls } = typeof recording === "string" ? readReport(recording) : assertReport(recording);
  const long = stalls.filter(({ durationMs }) => durationMs === null || durationMs > ms);
  return {
    pass: long.length === 0,
    message: () =>
      long.length === 0
        ? `Expected a stall of more than ${ms} ms, and there is none.`
        : [`Expected no stall of more than ${ms} ms, and there are ${long.length}:`, ...long.map(describeStall)].join(
            "\n",
          ),
  };
}

function describeStall({ durationMs, task, blame }: Stalls["stalls"][number]): string {
  const length = durationMs === null ? "a stall to the end" : `${Math.round(durationMs * 10) / 10} ms`;
  const where = blame?.file === undefined ? "" : ` at ${blame.file}:${blame.line ?? "?"}`;
  const what = typeof blame?.function === "string" ? ` in ${blame.function}` : "";
  return `  ${length}${task === null || task === undefined ? "" : ` of task ${task.name}`}${what}${where}`;
}

function readReport(path: string): Stalls {
  try {
    const json = execFileSync(process.execPath, [bin(), "report", "--json", path], {
      encoding: "utf8",
      maxBuffer: MAX_REPORT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return assertReport(JSON.parse(json));
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    throw new Error(`The recording ${path} could not be read. ${stderr?.trim() ?? String(error)}`, { cause: error });
  }
}

function assertReport(value: unknown): Stalls {
  if (Array.isArray((value as Partial<Stalls> | null | undefined)?.stalls)) return value as Stalls;
  throw new TypeError(
    `toHaveNoStallOver() needs the path of a recording or a report, not ${describeValue(value)}: expect("run.stallscope").`,
  );
}

/** Of this installation. */
function bin(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, BIN)) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, BIN);
}
