/** The recordings folder: names, the cap, and what may be deleted. */
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  clearPlace,
  dataFolder,
  deleteRecording,
  enforceCap,
  newRecordingPath,
} from "../../../src-main/store/folder.ts";
import { drawRecording, inFolder } from "../../fixtures/drawn-recording.ts";

test("a new recording is named after its program and time, and never takes another's place", async () => {
  await inFolder((folder) => {
    const at = new Date(2026, 10, 3, 4, 5, 6);
    const first = newRecordingPath(join(folder, "new"), "my agent", at);
    expect(basename(first)).toBe("my_agent-2026-11-03-040506.stallscope");
    writeFileSync(first, "");
    expect(basename(newRecordingPath(join(folder, "new"), "my agent", at))).toBe(
      "my_agent-2026-11-03-040506-2.stallscope",
    );
  });
});

test("a folder is made with those above it; where none can be, the place and the way out are said", async () => {
  await inFolder((folder) => {
    const at = new Date(2026, 10, 3);
    expect(statSync(dirname(newRecordingPath(join(folder, "a/b/c"), "x", at))).isDirectory()).toBe(true);
    writeFileSync(join(folder, "file"), "");
    for (const nowhere of [join(folder, "file/a/b"), ...(process.platform === "linux" ? ["/proc/nowhere/a/b"] : [])]) {
      expect(() => newRecordingPath(nowhere, "x", at)).toThrow(`${nowhere} can't be made`);
    }
  });
});

test("STALLSCOPE_HOME says where recordings live", () => {
  expect(dataFolder({ STALLSCOPE_HOME: "/elsewhere" })).toBe("/elsewhere");
  expect(dataFolder({})).not.toBe("");
});

test("over its cap the folder loses the oldest, never a pinned, a live or a foreign file", async () => {
  await inFolder((folder) => {
    const at = (name: string): string => join(folder, `${name}.stallscope`);
    drawRecording(at("a-pinned"), [], { state: "closed" }, { pinned: true });
    drawRecording(at("b-live"), []);
    drawRecording(at("c-old"), [], { state: "closed" });
    drawRecording(at("d-older"), [], { state: "closed" });
    drawRecording(at("e-new"), [], { state: "closed" });
    writeFileSync(at("f-foreign"), "x".repeat(1000));
    const days = { "a-pinned": 9, "b-live": 8, "d-older": 5, "c-old": 4, "e-new": 1, "f-foreign": 7 };
    for (const [name, age] of Object.entries(days)) utimesSync(at(name), 1e9 - age * 86_400, 1e9 - age * 86_400);
    const total = readdirSync(folder).reduce(
      (sum, name) => sum + (name.endsWith(".stallscope") ? statSync(join(folder, name)).size : 0),
      0,
    );
    const one = statSync(at("c-old")).size;
    expect(enforceCap(folder, total)).toEqual([]);
    expect(enforceCap(folder, total - one - 1).map(({ path }) => basename(path, ".stallscope"))).toEqual([
      "d-older",
      "c-old",
    ]);
    expect(enforceCap(folder, 0).map(({ path }) => basename(path, ".stallscope"))).toEqual(["e-new"]);
    for (const name of ["a-pinned", "b-live", "f-foreign"]) expect(existsSync(at(name)), name).toBe(true);
  });
});

test("only a finished recording is deleted or written over", async () => {
  await inFolder((folder) => {
    const finished = join(folder, "finished.stallscope");
    const live = join(folder, "live.stallscope");
    const other = join(folder, "notes.txt");
    drawRecording(finished, [], { state: "closed" });
    drawRecording(live, []);
    writeFileSync(other, "my notes");
    for (const remove of [deleteRecording, clearPlace]) {
      expect(() => remove(live)).toThrow("is being written by another run");
      expect(() => remove(other)).toThrow("not a Stallscope recording");
      expect(() => remove(folder)).toThrow("is a folder");
    }
    expect(() => deleteRecording(join(folder, "nowhere"))).toThrow("There is no recording");
    deleteRecording(finished);
    clearPlace(join(folder, "nowhere"));
    expect(
      readdirSync(folder)
        .filter((name) => !name.startsWith("live"))
        .sort(),
    ).toEqual(["notes.txt"]);
  });
});
