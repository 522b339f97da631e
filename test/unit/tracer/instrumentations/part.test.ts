import { channel } from "node:diagnostics_channel";
import { describe, expect, it } from "vitest";
import { createPart } from "../../../../src-runtime/tracer/instrumentations/part.ts";
import { recordingEmitter } from "./fake-emitter.ts";

describe("part", () => {
  it("takes itself out when a hook throws, says so once, and never throws into the program", () => {
    const told = recordingEmitter();
    const part = createPart(told.emitter, "sample");
    const undone: string[] = [];
    part.onStop(() => undone.push("first"));
    part.onStop(() => undone.push("second"));
    let calls = 0;
    part.subscribe("stallscope:test", () => {
      calls++;
      throw new TypeError("ours");
    });
    expect(channel("stallscope:test").hasSubscribers).toBe(true);
    channel("stallscope:test").publish({});
    channel("stallscope:test").publish({});
    expect(calls).toBe(1);
    expect(channel("stallscope:test").hasSubscribers).toBe(false);
    expect(undone).toEqual(["second", "first"]);
    expect(told.of("trouble")).toEqual([["sample", new TypeError("ours")]]);
  });

  it("undoes the rest when undoing one thing fails", () => {
    const told = recordingEmitter();
    const part = createPart(told.emitter, "sample");
    const undone: string[] = [];
    part.onStop(() => undone.push("first"));
    part.onStop(() => {
      throw new Error("stuck");
    });
    part.stop();
    part.stop();
    expect(undone).toEqual(["first"]);
    expect(told.of("trouble")).toEqual([["sample", new Error("stuck")]]);
  });

  it("answers what was agreed once it is out", () => {
    const part = createPart(recordingEmitter().emitter, "sample");
    const ask = part.ask((n: number) => n * 2, -1);
    expect(ask(4)).toBe(8);
    part.stop();
    expect(ask(4)).toBe(-1);
  });
});
