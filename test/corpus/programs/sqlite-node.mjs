/** Queries a database through Node's own SQLite. */
import { DatabaseSync } from "node:sqlite";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/sqlite-node.mjs");
const database = new DatabaseSync(":memory:");
const series = database.prepare(
  "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT sum(i * i % 7) AS s FROM n",
);

function sumSeries(size) {
  return series.get(size * 1000);
}

const size = await truth.size("series", 250, sumSeries);
truth.stall("series", { function: "sumSeries", cause: ["native", "sync-io"] }, () => sumSeries(size));
await truth.pause();
