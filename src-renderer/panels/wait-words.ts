/** What a task holds and opens, in plain words. Pure. */
import type { HoldDetails, ScopeDetails } from "../../src-main/api/api.ts";
import { formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { nameWords } from "../../src-main/api/wait-words.ts";

export function holdWords({ kind, name }: HoldDetails): string {
  return nameWords(kind, name);
}

export function scopeWords({ kind, name, shielded }: ScopeDetails): string {
  const words = kind === "group" ? "task group" : kind === "scope" ? "cancel scope" : kind;
  return `${words}${name === "" ? "" : ` ${name}`}${shielded && kind !== "shield" ? ", shielded" : ""}`;
}

/** How a block ended, or until when it may last. */
export function scopeStory({ opened, closed, deadline, cancelledAt }: ScopeDetails): string {
  const parts = [closed === undefined ? "not left" : `left after ${formatDuration(Math.max(0, closed - opened))}`];
  if (cancelledAt !== undefined) parts.push(`cancelled after ${formatDuration(Math.max(0, cancelledAt - opened))}`);
  if (deadline !== undefined) parts.push(`deadline ${formatInstant(deadline)}`);
  return parts.join(", ");
}
