/** The tracks when the filter leaves none: how many it hides, and the nearest name there is. */
import type { ReactElement } from "react";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { formatCount } from "../../src-main/api/format.ts";

export function NothingMatches(props: {
  readonly filter: string;
  readonly hidden: number;
  readonly closest: string | undefined;
  readonly onFilter: (filter: string) => void;
}): ReactElement {
  const { filter, hidden, closest, onFilter } = props;
  return (
    <div className="state-page">
      <Notice
        title={`No track matches “${filter}”`}
        actions={
          <>
            {closest !== undefined && (
              <Button kind="edged" onPress={() => onFilter(closest)}>
                {`Use ${closest}`}
              </Button>
            )}
            <Button onPress={() => onFilter("")}>Clear filter</Button>
          </>
        }
      >
        <p>
          {hidden === 1 ? "1 track is hidden." : `${formatCount(hidden)} tracks are hidden.`}
          {closest !== undefined && (
            <>
              {" "}
              Closest name: <strong>{closest}</strong>.
            </>
          )}
        </p>
      </Notice>
    </div>
  );
}

export function matchingTracks(labels: readonly string[], filter: string): number {
  const wanted = filter.trim().toLowerCase();
  if (wanted === "") return labels.length;
  return labels.filter((label) => label.toLowerCase().includes(wanted)).length;
}

/** The label with the fewest letters to change, if that is less than half of what was typed. */
export function closestLabel(labels: readonly string[], filter: string): string | undefined {
  const wanted = filter.trim().toLowerCase();
  let closest: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 2)) + 1;
  for (const label of new Set(labels)) {
    const away = distance(wanted, label.toLowerCase(), least);
    if (away < least) {
      least = away;
      closest = label;
    }
  }
  return closest;
}

/** Levenshtein's distance, given up at `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let above = Array.from({ length: b.length + 1 }, (_, place) => place);
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const changed = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(changed, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    if (Math.min(...line) >= limit) return limit;
    above = line;
  }
  return above[b.length] ?? limit;
}
