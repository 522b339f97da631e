/** What stands before a track's name, by kind, 14 px; and how its task ended, 14 × 11. */
import type { TrackKind } from "../../src-main/api/api.ts";
import type { Outcome } from "../../src-runtime/protocol/record.ts";
import type { Icon } from "./dom.ts";

function line(path: string): Icon {
  return { path, width: 14, height: 14, isFilled: false };
}

function area(path: string): Icon {
  return { path, width: 14, height: 11, isFilled: true };
}

const CIRCLE = line("M7 3.8a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 0 1 0-6.4z");
const DASHES = line("M1.5 4.5h3M6 4.5h2.5M10 4.5h2.5M1.5 9.5h3M6 9.5h2.5M10 9.5h2.5");

export const KIND_ICONS: Readonly<Record<TrackKind, Icon>> = {
  loop: line("M9.4 2.1A5.4 5.4 0 1 0 12.4 7M11.4 3.2l.7.7-.7.7-.7-.7z"),
  agent: line("M7 1.6a5.4 5.4 0 1 1 0 10.8A5.4 5.4 0 0 1 7 1.6zM7 6a1 1 0 1 1 0 2 1 1 0 0 1 0-2z"),
  step: line("M3.2 2h7.6L12 3.2v7.6L10.8 12H3.2L2 10.8V3.2zM6 4.8L8.4 7 6 9.2"),
  model: line("M7 1.8L12.2 7 7 12.2 1.8 7z"),
  tool: line("M4.2 1.9h5.6L12.8 7l-3 5.1H4.2L1.2 7zM7 5.4a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.2z"),
  request: line("M1.5 5h10M9 2.5L11.5 5M12.5 9h-10M5 11.5L2.5 9"),
  requests: DASHES,
  function: CIRCLE,
  promise: CIRCLE,
  spans: DASHES,
  thread: line("M2 3h10v8H2zM2 5.5h10"),
};

export const OUTCOME_ICONS: Readonly<Record<Outcome, Icon>> = {
  completed: area("M11 0h2v11h-2z"),
  failed: area("M2 0h11v11H2zM5 3l1.5 2.5L5 8h1.5l1-1.6L8.5 8H10L8.4 5.5 10 3H8.5l-1 1.6L6.5 3z"),
  cancelled: area("M3 0h10v11H3zM4.5 1.5v7l6-7zM11.5 2.5l-6 7h6z"),
  abandoned: area("M0 5h4v1H0zM5 4h2v3H5zM8 4h1v3H8zM10 4h1v3h-1zM13 5h1v1h-1z"),
  open: area("M0 5h2v1H0zM4 5h2v1H4zM8 5h2v1H8zM12 5h2v1h-2z"),
};

export const STALL_ICON: Icon = area("M1 3h12v5H1z");
export const CARET: Icon = { path: "M3 4.5L6 7.5 9 4.5", width: 12, height: 12, isFilled: false };
