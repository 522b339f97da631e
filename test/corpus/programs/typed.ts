/** Types are stripped by Node; the blocking code is a function in a getter and an async method before its first await. */
import { openTruth } from "../truth.mjs";
import { records } from "./text.mjs";

type Row = ReturnType<typeof records>[number];

const truth = openTruth("programs/typed.ts");

class Report {
  readonly rows: readonly Row[];
  constructor(rows: readonly Row[]) {
    this.rows = rows;
  }

  get summary(): Record<string, number> {
    function addRow(all: Record<string, number>, row: Row): Record<string, number> {
      return { ...all, [`key ${row.id % 300}`]: row.score };
    }
    return this.rows.reduce(addRow, {});
  }

  async publish(rounds: number): Promise<number> {
    let length = 0;
    for (let round = 0; round < rounds; round++) length += this.rows.findIndex((row) => row.id === -round);
    await truth.pause(1);
    return length;
  }
}

const summarise = (count: number): unknown => new Report(records(count)).summary;
const count: number = await truth.size("summary", 210, summarise);
const report = new Report(records(count));
await truth.pause();
truth.stall("summary", { function: "addRow" }, () => report.summary);
await truth.pause();
const rounds: number = await truth.size("publish", 140, (some: number) => void report.publish(some));
truth.stall("publish", { function: "publish" }, () => void report.publish(rounds));
await truth.pause();
