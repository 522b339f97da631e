/**
 * The permitted differences as code: each turns what a traced run shows into what the plain run would have shown.
 * The list in words, with the reason for each, is docs/permitted-differences.md; a test holds the two together, and a
 * rule that no program needs fails.
 */
import { constants } from "node:os";
import type { Observation, PermittedDifference } from "./differential.ts";

export const PERMITTED: readonly PermittedDifference[] = [
  {
    id: "killed-by-signal",
    undo: (traced) => {
      const [name] = Object.entries(constants.signals).find(([, number]) => traced.end === 128 + number) ?? [];
      return name === undefined ? traced : { ...traced, end: name as NodeJS.Signals };
    },
  },
  { id: "exit-listener", undo: inText(/^(exit listeners:) (\d+)$/gm, (_all, label, count) => `${label} ${Number(count) - 1}`) },
  { id: "worker-thread-ids", undo: inText(/^(thread id:) (\d+)$/gm, (_all, label, id) => `${label} ${Number(id) - 1}`) },
  {
    id: "environment",
    undo: inText(/^environment has (?:NODE_OPTIONS|STALLSCOPE_COLLECTOR)\n/gm, () => ""),
  },
];

function inText(
  pattern: RegExp,
  replacement: (all: string, ...groups: readonly string[]) => string,
): (traced: Observation) => Observation {
  return (traced) => ({
    ...traced,
    stdout: traced.stdout.replace(pattern, replacement),
    stderr: traced.stderr.replace(pattern, replacement),
    ...(traced.merged === undefined ? {} : { merged: traced.merged.replace(pattern, replacement) }),
  });
}
