/** Rows to choose from, as one stop of the Tab key: arrows, Home and End move inside. */
import { useState, type KeyboardEvent, type ReactElement, type ReactNode } from "react";

export interface RowListProps<T> {
  readonly className: string;
  readonly items: readonly T[];
  readonly keyOf: (item: T) => number;
  readonly onChoose: (item: T) => void;
  /** Of rows that lead nowhere only the words are there. Unsaid: all lead somewhere. */
  readonly canChoose?: (item: T) => boolean;
  readonly children: (item: T) => ReactNode;
}

export function RowList<T>(props: RowListProps<T>): ReactElement {
  const { className, items, keyOf, onChoose, canChoose = () => true, children } = props;
  const [stop, setStop] = useState(0);
  const wanted = items[stop];
  const tabStop = wanted !== undefined && canChoose(wanted) ? stop : items.findIndex(canChoose);
  return (
    <ul className={className} onKeyDown={(event) => move(event)}>
      {items.map((item, place) => (
        <li key={keyOf(item)}>
          {canChoose(item) ? (
            <button
              type="button"
              className="row"
              tabIndex={place === tabStop ? 0 : -1}
              onFocus={() => setStop(place)}
              onClick={() => onChoose(item)}
            >
              {children(item)}
            </button>
          ) : (
            <div className="row">{children(item)}</div>
          )}
        </li>
      ))}
    </ul>
  );
}

function move(event: KeyboardEvent<HTMLUListElement>): void {
  const rows = Array.from(event.currentTarget.querySelectorAll("button"));
  const from = rows.findIndex((row) => row === document.activeElement);
  const to = destination(event.key, from, rows.length - 1);
  if (to === undefined) return;
  event.preventDefault();
  rows[to]?.focus();
}

function destination(key: string, from: number, last: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return Math.min(last, from + 1);
    case "ArrowUp":
      return Math.max(0, from - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return undefined;
  }
}
