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
  {
    id: "exit-listener",
    undo: inText((text) =>
      text
        .replaceAll(/^exit 1\n/gm, "")
        .replaceAll(/^(exit listeners:) (\d+)$/gm, (_all, label, count) => `${label} ${Number(count) - 1}`),
    ),
  },
  {
    id: "worker-thread-ids",
    undo: inText((text) =>
      text.replaceAll(/^(thread id:) (\d+)$/gm, (_all, label, id) => `${label} ${Number(id) - 1}`),
    ),
  },
  {
    id: "environment",
    undo: inText((text) => text.replaceAll(/^environment has (?:NODE_OPTIONS|STALLSCOPE_COLLECTOR)\n/gm, "")),
  },
  {
    id: "global-properties",
    undo: inText((text) => text.replaceAll(/^\] (1\d\d)$/gm, (_all, count) => `] ${Number(count) - OWN_GLOBALS}`)),
  },
  { id: "abort-source", undo: inText(asPlain(/^abort 0 abort\([^]*?^\s*\} \[ 'signal', 'abort' \]$/gm)) },
  { id: "response-push", undo: inText((text) => text.replaceAll(/^null 0 true false$/gm, "null 0 false false")) },
  { id: "async-ids", undo: inText(shiftAsyncIds) },
  {
    id: "inspector-scripts",
    undo: inText((text) => text.replaceAll(/^(?:covered|debugged) (?:register\.cjs|nameless)\n/gm, "")),
  },
  { id: "profile-interval", undo: inText((text) => text.replaceAll(/^(own profile: .*) 5 ms$/gm, "$1 1 ms")) },
];

/** The capture function, and the list of integrations that the AI SDK reads. */
const OWN_GLOBALS = 2;

function inText(change: (traced: string, plain: string) => string): PermittedDifference["undo"] {
  return (traced: Observation, plain: Observation) => ({
    ...traced,
    stdout: change(traced.stdout, plain.stdout),
    stderr: change(traced.stderr, plain.stderr),
    ...(traced.merged === undefined ? {} : { merged: change(traced.merged, plain.merged ?? "") }),
  });
}

/** Every match reads as the same match of the plain run. */
function asPlain(pattern: RegExp): (traced: string, plain: string) => string {
  return (traced, plain) => {
    const originals = plain.match(pattern) ?? [];
    let index = 0;
    return traced.replaceAll(pattern, (match) => originals[index++] ?? match);
  };
}

/** Those of resources all by one and the same number, and those of what triggered them too; the rest stays a difference. */
function shiftAsyncIds(traced: string, plain: string): string {
  return shift(shift(traced, plain, /(\(async_id_symbol\): )(\d+)/g), plain, /(trigger_async_id_symbol\): )(\d+)/g);
}

function shift(traced: string, plain: string, pattern: RegExp): string {
  const [first] = traced.matchAll(pattern);
  const [original] = plain.matchAll(pattern);
  if (first === undefined || original === undefined) return traced;
  const by = Number(first[2]) - Number(original[2]);
  return traced.replaceAll(pattern, (_all, label, id) => `${label}${Number(id) - by}`);
}
