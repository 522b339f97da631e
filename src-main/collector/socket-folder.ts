/**
 * Where the collector's socket lies: a private folder in the first of some places that lets one be made. The system's
 * temporary folder can be read-only (a container with a read-only root).
 */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";

/** A socket's address has room for so many bytes, on every Unix (Linux has 107). */
const MAX_PATH_BYTES = 103;

export async function makeSocketFolder(places: readonly string[]): Promise<string> {
  const reasons: string[] = [];
  for (const place of places) {
    const prefix = join(place, "stallscope-");
    if (Buffer.byteLength(`${prefix}XXXXXX/s`) > MAX_PATH_BYTES) {
      reasons.push(`${place} (its path is too long for a socket)`);
      continue;
    }
    try {
      return await mkdtemp(prefix);
    } catch (error) {
      reasons.push(`${place} (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
    }
  }
  throw new Error(
    `There is no folder for the socket that the program is recorded through: ${reasons.join(", ")}. Set TMPDIR to one that can be written`,
  );
}
