/** The flame graph as a table: self and total time by function. */
import { useMemo, useState, type ReactElement } from "react";
import { formatCountOf } from "../../src-main/api/format.ts";
import type { EditorStore } from "../state/editor.ts";
import { EditorLink } from "../ui/editor-link.tsx";
import { flameName, flamePlace } from "./flame-paint.ts";
import { functionTimes, type FlameTree, type FunctionTime } from "./flame-tree.ts";
import { ORIGIN_WORDS, sampledWords, shareWords } from "./flame-words.ts";

type Column = "function" | "self" | "total";

interface Order {
  readonly by: Column;
  readonly isUp: boolean;
}

/** More is no longer read, and each costs the page a row. */
const MOST = 200;
const COLUMNS: readonly { readonly by: Column; readonly name: string }[] = [
  { by: "function", name: "Function" },
  { by: "self", name: "Self" },
  { by: "total", name: "Total" },
];

export function FlameTable(props: { readonly tree: FlameTree; readonly editor: EditorStore }): ReactElement {
  const { tree, editor } = props;
  const [order, setOrder] = useState<Order>({ by: "self", isUp: false });
  const times = useMemo(() => ordered(functionTimes(tree), order), [tree, order]);
  const sort = (by: Column): void =>
    setOrder(order.by === by ? { by, isUp: !order.isUp } : { by, isUp: by === "function" });
  return (
    // It scrolls by keyboard too.
    <div className="flame-table" tabIndex={0} role="group" aria-label="Time by function">
      <table className="table" aria-label="Time by function">
        <thead>
          <tr>
            {COLUMNS.map(({ by, name }) => (
              <th
                key={by}
                className={by === "function" ? undefined : "number"}
                scope="col"
                aria-sort={order.by !== by ? undefined : order.isUp ? "ascending" : "descending"}
              >
                <button type="button" className="sort" onClick={() => sort(by)}>
                  {name}
                  <span aria-hidden="true">{order.by !== by ? "" : order.isUp ? " ↑" : " ↓"}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.slice(0, MOST).map((time) => (
            <Row
              key={`${time.frame.function} ${time.frame.file} ${time.frame.line}`}
              time={time}
              tree={tree}
              editor={editor}
            />
          ))}
        </tbody>
      </table>
      {times.length > MOST && (
        <p className="quiet">{formatCountOf(times.length - MOST, "more function")} not listed.</p>
      )}
    </div>
  );
}

function Row(props: {
  readonly time: FunctionTime;
  readonly tree: FlameTree;
  readonly editor: EditorStore;
}): ReactElement {
  const { time, tree, editor } = props;
  const { frame, self, total, isBlamed } = time;
  return (
    <tr data-blamed={isBlamed ? "" : undefined}>
      <th scope="row" className="flame-function">
        <code className="site-function">{flameName(frame)}</code>{" "}
        <EditorLink editor={editor} frame={frame}>
          {flamePlace(frame)}
        </EditorLink>
        <span className="unseen">
          {isBlamed ? "blamed, " : ""}
          {ORIGIN_WORDS[frame.origin]}
        </span>
      </th>
      <td className="number">
        {sampledWords(self)} <span className="flame-share">{shareWords(self, tree.total)}</span>
      </td>
      <td className="number">
        {sampledWords(total)} <span className="flame-share">{shareWords(total, tree.total)}</span>
      </td>
    </tr>
  );
}

function ordered(times: readonly FunctionTime[], { by, isUp }: Order): readonly FunctionTime[] {
  const sorted = times.toSorted((a, b) =>
    by === "function" ? flameName(b.frame).localeCompare(flameName(a.frame)) : b[by] - a[by] || b.total - a.total,
  );
  return isUp ? sorted.toReversed() : sorted;
}
