/** `stallscope list`: the recordings of the folder, newest first. */
import type { Command } from "commander";
import type { RecordingRow } from "../api/api.ts";
import { formatBytes, formatMs } from "../api/format.ts";
import { recordingsFolder } from "../store/folder.ts";

export function addList(program: Command): void {
  program
    .command("list")
    .summary("the recordings there are")
    .description("Lists the recordings of the recordings folder, newest first.")
    .action(async () => {
      const { createCatalog } = await import("../server/catalog.ts");
      const folder = recordingsFolder(process.env);
      const catalog = createCatalog(folder, []);
      const rows = catalog.rows();
      if (rows.length === 0) {
        process.stderr.write(`There are no recordings in ${folder} yet. Make one: stallscope run <program>\n`);
        return;
      }
      const table = rows.map((row) => [...columns(row), catalog.pathOf(row.id)]);
      const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
      for (const cells of table)
        process.stdout.write(`${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}\n`);
      catalog.close();
    });
}

function columns(row: RecordingRow): readonly string[] {
  const at = new Date(row.startedAtMs);
  const local = new Date(row.startedAtMs - at.getTimezoneOffset() * 60_000)
    .toISOString()
    .slice(0, 19)
    .replace("T", " ");
  if (row.error !== undefined) return [local, "unreadable", formatBytes(row.sizeBytes), row.error.code];
  const worst = row.worstStall === undefined ? "no stall" : `worst stall ${formatMs(row.worstStall.durationMs)}`;
  return [local, `${row.state} ${formatMs(row.durationMs)}`, formatBytes(row.sizeBytes), worst];
}
