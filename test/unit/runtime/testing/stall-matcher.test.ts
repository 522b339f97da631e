/** `toHaveNoStallOver`, on reports and on a recording of the file format's first version. */
import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "stallscope/testing";

const report = (...lengths: readonly (number | null)[]): unknown => ({
  format: "stallscope-report/1",
  stalls: lengths.map((durationMs) => ({
    durationMs,
    task: { name: "summarise" },
    blame: { function: "encode", file: "/app/tokens.ts", line: 12 },
  })),
});

test("passes when every stall is short enough", () => {
  expect(report()).toHaveNoStallOver(0);
  expect(report(20, 50)).toHaveNoStallOver(50);
  expect(() => expect(report(20)).not.toHaveNoStallOver(50)).toThrow("there is none");
});

test("names the stalls that are not", () => {
  expect(report(20, 51)).not.toHaveNoStallOver(50);
  expect(() => expect(report(20, 312.34)).toHaveNoStallOver(50)).toThrow(
    /no stall of more than 50 ms, and there are 1:\n {2}312\.3 ms of task summarise in encode at \/app\/tokens\.ts:12/,
  );
  expect(report(null)).not.toHaveNoStallOver(1_000_000);
});

test("refuses what is no recording, no report, no time", () => {
  expect(() => expect(7).toHaveNoStallOver(50)).toThrow(TypeError);
  expect(() => expect({}).toHaveNoStallOver(50)).toThrow("needs the path of a recording or a report");
  expect(() => expect(report()).toHaveNoStallOver(Number.NaN)).toThrow(RangeError);
  expect(() => expect("/nowhere/run.stallscope").toHaveNoStallOver(50)).toThrow(/run\.stallscope could not be read/);
});

test("reads a recording", { timeout: 60_000 }, () => {
  const golden = fileURLToPath(new URL("../../../fixtures/golden/", import.meta.url));
  const [recording] = globSync("*.stallscope", { cwd: golden });
  expect(`${golden}${recording}`).toHaveNoStallOver(3_600_000);
  expect(`${golden}${recording}`).not.toHaveNoStallOver(0);
});
