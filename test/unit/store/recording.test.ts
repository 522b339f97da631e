/** What is a recording, what state it is in, and what is said of a file that is none. */
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import { report } from "../../../src-main/queries/report.ts";
import { openRecording } from "../../../src-main/store/recording.ts";
import { RecordingError } from "../../../src-main/store/recording-error.ts";
import { createRecordingWriter } from "../../../src-main/store/writer.ts";
import { drawRecording, inFolder, newMeta, writeEvents } from "../../fixtures/drawn-recording.ts";
import { drawnTasks } from "../../fixtures/drawn-timeline.ts";

const DRAWING = drawnTasks(`
  agent research   [===================)
    step plan       [=====)
      model gpt      [=c=)
    tool search           [====x
`);

function codeOf(path: string): string {
  try {
    openRecording(path).close();
    return "opened";
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    expect(error.message).toContain(path);
    expect(error.hint).not.toBe("");
    return error.code;
  }
}

test("a finished recording is one file, and closed", async () => {
  await inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    drawRecording(path, DRAWING, { state: "closed", exitCode: 3 });
    const recording = openRecording(path);
    expect(recording.meta()).toMatchObject({ state: "closed", exitCode: 3, end: 200e6, level: "tasks" });
    recording.close();
  });
});

test("a recording can be read while it is written, batch by batch", async () => {
  await inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    const writer = createRecordingWriter(path, newMeta());
    writeEvents(writer, DRAWING.slice(0, 2));
    const recording = openRecording(path);
    expect(report(recording)).toMatchObject({ recording: { state: "live" }, tasks: { created: 2, open: 2 } });
    writer.write([{ do: "endTask", task: 2 ** 32 + 1, at: 5e6 as never, outcome: "completed" }], 5e6);
    expect(report(recording).tasks).toMatchObject({ completed: 1, open: 1 });
    recording.close();
    writer.finish({ state: "closed" });
  });
});

test("a recording whose recorder is gone was cut", async () => {
  await inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    drawRecording(path, DRAWING, undefined, { recorderPid: 2 ** 22 + 1 });
    const recording = openRecording(path);
    expect(recording.meta().state).toBe("cut");
    recording.close();
  });
});

test.runIf(process.platform === "linux")(
  "another process with the recorder's number does not keep it live",
  async () => {
    await inFolder((folder) => {
      const path = join(folder, "a.stallscope");
      drawRecording(path, DRAWING, undefined, { recorderPid: process.pid, recorderStart: "1" });
      const recording = openRecording(path);
      expect(recording.meta().state).toBe("cut");
      recording.close();
    });
  },
);

test("a file that is no recording is refused with the reason", async () => {
  await inFolder((folder) => {
    const at = (name: string): string => join(folder, name);
    drawRecording(at("good.stallscope"), DRAWING, { state: "closed" });
    writeFileSync(at("text"), "hello");
    writeFileSync(at("long-text"), "hello ".repeat(100));
    writeFileSync(at("empty"), "");
    mkdirSync(at("folder"));
    const foreign = new Database(at("foreign.db"));
    foreign.exec("CREATE TABLE meta (key TEXT)");
    foreign.close();
    copyFileSync(at("good.stallscope"), at("newer"));
    const newer = new Database(at("newer"));
    newer.pragma("user_version = 99");
    newer.close();
    copyFileSync(at("good.stallscope"), at("half"));
    truncateSync(at("half"), Math.floor(readFileSync(at("half")).length / 2));
    copyFileSync(at("good.stallscope"), at("header-only"));
    truncateSync(at("header-only"), 100);

    expect(codeOf(at("good.stallscope"))).toBe("opened");
    expect(codeOf(at("nowhere"))).toBe("not-found");
    expect(codeOf(at("folder"))).toBe("foreign");
    for (const name of ["text", "long-text", "empty", "foreign.db"]) expect(codeOf(at(name)), name).toBe("foreign");
    expect(codeOf(at("newer"))).toBe("format-too-new");
    expect(codeOf(at("half"))).toBe("unreadable");
    expect(codeOf(at("header-only"))).not.toBe("opened");
  });
});

test("bytes changed anywhere are refused or read, never a crash", async () => {
  await inFolder((folder) => {
    const path = join(folder, "a.stallscope");
    drawRecording(path, DRAWING, { state: "closed" });
    const whole = readFileSync(path);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 40 }),
        (changes) => {
          const bytes = Buffer.from(whole);
          for (const [offset, value] of changes) bytes[offset] = value;
          const damaged = join(folder, "damaged.stallscope");
          writeFileSync(damaged, bytes);
          try {
            const recording = openRecording(damaged);
            try {
              report(recording);
            } finally {
              recording.close();
            }
          } catch (error) {
            expect(error).toBeInstanceOf(RecordingError);
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});
