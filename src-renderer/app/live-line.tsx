/** A recording that is running now, with what it is doing, above the table. */
import type { ReactElement } from "react";
import type { RecordingRow } from "../../src-main/api/api.ts";
import { useTick } from "../state/use-tick.ts";
import { Button } from "../ui/button.tsx";
import { formatSeconds } from "../../src-main/api/format.ts";
import { Ring } from "../ui/ring.tsx";
import { SentenceText } from "../ui/sentence-text.tsx";

export function LiveLine(props: { readonly row: RecordingRow; readonly onOpen: () => void }): ReactElement {
  const { row, onOpen } = props;
  // The recorder runs on this machine: one wall clock.
  const length = Math.max(row.durationMs, performance.timeOrigin + useTick(1000) - row.startedAtMs);
  const isBlocked = row.sentence.tone === "blocked";
  return (
    <section className="live-line" aria-label={`${row.name}, live`}>
      <Ring state={isBlocked ? "blocked" : "free"} size={16} />
      <p className="live-text">
        <strong>{row.name}</strong> live, {formatSeconds(length * 1e6)}.{" "}
        <span className="sentence-inline">
          <SentenceText parts={row.sentence.parts} />
        </span>
      </p>
      <Button kind="edged" label={`Watch ${row.name}`} onPress={onOpen}>
        Watch
      </Button>
    </section>
  );
}
