/** Queries a database without an index through better-sqlite3, a native addon. */
const Database = require("better-sqlite3");
const { openTruth } = require("../truth.mjs");

const truth = openTruth("programs/sqlite-addon.cjs");
const database = new Database(":memory:");
database.exec("CREATE TABLE message (id INTEGER, thread INTEGER, text TEXT)");
const insert = database.prepare("INSERT INTO message VALUES (?, ?, ?)");

function saveMessages(count) {
  for (let index = 0; index < count; index++) insert.run(index, index % 50, `message ${index}`);
}
function countPairs(limit) {
  return database
    .prepare(
      "WITH some AS (SELECT * FROM message LIMIT ?) SELECT count(*) FROM some a, some b WHERE a.thread = b.thread AND a.text <> b.text",
    )
    .get(limit * 20);
}

async function main() {
  const rows = await truth.size("insert", 130, saveMessages);
  database.exec("DELETE FROM message");
  truth.stall("insert", { function: "saveMessages", cause: ["native", "sync-io", "own-code"] }, () =>
    saveMessages(rows),
  );
  await truth.pause();
  saveMessages(8000);
  await truth.pause();
  let limit = 4;
  for (let took = 0; took < 10;) {
    limit *= 2;
    const start = truth.now();
    countPairs(limit);
    took = truth.now() - start;
    await truth.pause(1);
  }
  await truth.pause();
  truth.stall("query", { function: "countPairs", cause: ["native", "sync-io"] }, () => countPairs(limit * 4));
  await truth.pause();
  database.close();
}
main();
