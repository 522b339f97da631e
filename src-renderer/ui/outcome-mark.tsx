/** How a task ended, as the timeline's end marks draw it, at 14 × 11 for tables and panels. */
import type { ReactElement } from "react";
import type { Outcome } from "../../src-runtime/protocol/record.ts";

const WORDS: Readonly<Record<Outcome, string>> = {
  completed: "returned",
  failed: "error",
  cancelled: "cancelled",
  abandoned: "abandoned",
  open: "open",
};

export function outcomeWord(outcome: Outcome): string {
  return WORDS[outcome];
}

export function OutcomeMark(props: { readonly outcome: Outcome }): ReactElement {
  const { outcome } = props;
  return (
    <svg
      className="mark"
      data-outcome={outcome}
      width="14"
      height="11"
      viewBox="0 0 14 11"
      shapeRendering="crispEdges"
      aria-hidden="true"
    >
      {drawing(outcome)}
    </svg>
  );
}

function drawing(outcome: Outcome): ReactElement {
  switch (outcome) {
    case "completed":
      return <path d="M11 0h2v11h-2z" fill="currentColor" />;
    case "failed":
      return (
        <path
          d="M2 0h11v11H2zM5 3l1.5 2.5L5 8h1.5l1-1.6L8.5 8H10L8.4 5.5 10 3H8.5l-1 1.6L6.5 3z"
          fill="currentColor"
          fillRule="evenodd"
        />
      );
    case "cancelled":
      return (
        <path d="M3.5.5h9v10h-9zM4 10L12 1" fill="none" stroke="currentColor" strokeWidth="1.5" shapeRendering="auto" />
      );
    case "abandoned":
      return <path d="M0 5h4v1H0zM5 4h2v3H5zM8 4h1v3H8zM10 4h1v3h-1zM13 5h1v1h-1z" fill="currentColor" />;
    case "open":
      return <path d="M0 5h2v1H0zM4 5h2v1H4zM8 5h2v1H8zM12 5h2v1h-2z" fill="currentColor" />;
  }
}
