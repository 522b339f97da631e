/** A container whose root can't be written: one writable place is enough, and without one it is said at once. */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openRecording } from "../../src-main/store/recording.ts";
import { FIXTURES, stallOf } from "./coexistence.ts";
import { createHome, recordProgram, stallscope } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

const HOLD = join(FIXTURES, "hold.mjs");
/** Nothing can be made below it, by root neither. */
const NOWHERE = "/proc/nowhere";
const READ_ONLY = {
  cwd: "/proc",
  env: {
    STALLSCOPE_HOME: "",
    HOME: NOWHERE,
    TMPDIR: NOWHERE,
    XDG_DATA_HOME: NOWHERE,
    XDG_CACHE_HOME: NOWHERE,
    XDG_RUNTIME_DIR: NOWHERE,
  },
};

describe.runIf(process.platform === "linux")("nothing can be written", () => {
  test("but the recording's folder: all is recorded", async () => {
    const file = join(home.path, "run.stallscope");
    const words = ["--", process.execPath, HOLD];
    const { code, stdout, stderr, report } = await recordProgram(home.path, words, {
      ...READ_ONLY,
      flags: ["-o", file],
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "held\n", stderr: "" });
    expect(report.recording.state).toBe("closed");
    expect(stallOf(report, "holdTheLoop").durationMs).toBeGreaterThanOrEqual(299);
    const recording = openRecording(file);
    expect(recording.meta().state).toBe("closed");
    recording.close();
  });

  test("at all: the program is not begun, and the place is named", async () => {
    const { code, stdout, stderr } = await stallscope(home.path, ["run", "--", process.execPath, HOLD], READ_ONLY);
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toBe(
      "stallscope: The recordings folder /proc/nowhere/stallscope/recordings can't be made (ENOENT). " +
        "Set STALLSCOPE_HOME to a folder that can be written.\n",
    );
  });
});
