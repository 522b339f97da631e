/**
 * A cancellation as a thread of instants: who asked, why and where; then how the task took it. Offsets are after the
 * request; the marks carry the state's own pattern.
 */
import type { ReactElement } from "react";
import type { CancellationDetails } from "../../src-main/api/api.ts";
import { formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { reasonWords } from "../../src-main/api/reason-words.ts";
import { SiteText } from "../ui/site-text.tsx";
import { TaskLink, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";
import { StackList } from "./stack-list.tsx";
import { scopeWords } from "./wait-words.ts";

const SOURCES: Readonly<Record<string, string>> = {
  explicit: "asked for by the program",
  deadline: "a deadline passed",
  group: "a sibling failed",
  parent: "its parent was cancelled",
  signal: "a signal came",
  shutdown: "the program was shutting down",
  abortSignal: "an AbortSignal was aborted",
  limit: "a limit was reached",
};

function settledWords(isIgnored: boolean, isBlock: boolean): string {
  const what = isBlock ? "The block" : "The task";
  return isIgnored ? `${what} ended otherwise than by the cancellation.` : `${what} ended because of it.`;
}

export function CancellationStory(props: {
  readonly cancellation: CancellationDetails;
  readonly ended: number | undefined;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { cancellation, ended, onSelect } = props;
  const { requestedAt, settledAt, ignored, by, site, stack, deliveredAt, scope } = cancellation;
  const reason = reasonWords(cancellation.source, cancellation.reason);
  const end = settledAt ?? (ignored ? ended : undefined);
  return (
    <Section title="Cancellation" aside={SOURCES[cancellation.source] ?? cancellation.source}>
      <ol className="story">
        <li className="story-instant" data-mark="requested">
          <span className="story-offset">{formatInstant(requestedAt)}</span>
          <div>
            <strong>Cancel requested</strong>
            {by !== undefined && (
              <>
                {" "}
                by <TaskLink task={by} onSelect={onSelect} />
              </>
            )}
            {scope !== undefined && <p className="quiet">of its {scopeWords(scope)}</p>}
            {reason !== "" && <p>{reason}</p>}
            {site !== undefined && (
              <p>
                <SiteText site={site} />
              </p>
            )}
          </div>
        </li>
        {deliveredAt !== undefined && (
          <li className="story-instant" data-mark="cancelling">
            <span className="story-offset">+{formatDuration(Math.max(0, deliveredAt - requestedAt))}</span>
            <div>
              <strong>Delivered</strong>
              <p className="quiet">A wait of the task threw it, or a signal it had given away was aborted.</p>
            </div>
          </li>
        )}
        {end === undefined ? (
          <li className="story-instant" data-mark="cancelling">
            <span className="story-offset" />
            <div>
              <strong>Not settled</strong>
              <p className="quiet">When it settled was not seen.</p>
            </div>
          </li>
        ) : (
          <li className="story-instant" data-mark={ignored ? "ignored" : "settled"}>
            <span className="story-offset">+{formatDuration(Math.max(0, end - requestedAt))}</span>
            <div>
              <strong>{ignored ? "Cancel ignored" : "Settled"}</strong>
              <p className="quiet">{settledWords(ignored, scope !== undefined)}</p>
            </div>
          </li>
        )}
      </ol>
      {stack.length > 0 && (
        <details className="story-stack">
          <summary className="quiet">Where it was asked for</summary>
          <StackList frames={stack} />
        </details>
      )}
    </Section>
  );
}
