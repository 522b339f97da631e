/** What a task of the agent runtime waited for, for how long and who held it; what it held; its blocks. */
import type { ReactElement } from "react";
import type { HoldDetails, ScopeDetails, WaitDetails, WaitSummary } from "../../src-main/api/api.ts";
import { formatCount, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { waitKindWords, waitWords } from "../../src-main/api/wait-words.ts";
import { TaskLink, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";
import { holdWords, scopeStory, scopeWords } from "./wait-words.ts";

export function WaitSection(props: {
  readonly waits: WaitSummary;
  /** Whose waits they are. */
  readonly task: number;
  readonly now: number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { waits, task, now, onSelect } = props;
  const { count, total, byKind, longest } = waits;
  const times = count === 1 ? "once" : `${formatCount(count)} times`;
  return (
    <Section title="Waited for" aside={`${times}, ${formatDuration(total)}`}>
      {byKind.length > 1 && (
        <p className="quiet">
          {byKind.map(({ kind, total: ofKind }) => `${formatDuration(ofKind)} for ${waitKindWords(kind)}`).join(" · ")}
        </p>
      )}
      <ol className="waits">
        {longest.map((wait) => (
          <li key={wait.id} data-outcome={wait.outcome}>
            <span className="wait-length">{formatDuration(wait.dur ?? Math.max(0, now - wait.start))}</span>
            <div>
              <WaitTarget wait={wait} onSelect={onSelect} />
              <p className="quiet">
                <WaitStory wait={wait} task={task} onSelect={onSelect} />
              </p>
            </div>
          </li>
        ))}
      </ol>
      {count > longest.length && <p className="quiet">{formatCount(count - longest.length)} shorter waits</p>}
    </Section>
  );
}

function WaitTarget(props: { readonly wait: WaitDetails; readonly onSelect: OnSelect }): ReactElement {
  const { wait, onSelect } = props;
  if (wait.target !== undefined) return <TaskLink task={wait.target} onSelect={onSelect} />;
  return <span className="subject">{waitWords(wait)}</span>;
}

function WaitStory(props: {
  readonly wait: WaitDetails;
  readonly task: number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { wait, task, onSelect } = props;
  const { kind, start, dur, outcome, holder, by } = wait;
  const isHandedOver = by !== undefined && by.id !== wait.target?.id;
  return (
    <>
      {dur === undefined ? `since ${formatInstant(start)}, not over` : `at ${formatInstant(start)}`}
      {outcome === "cancelled" && ", ended by a cancel"}
      {outcome === "failed" && ", ended by an error"}
      {outcome === "abandoned" && ", given up"}
      {holder !== undefined && holder.id !== task && (
        <>
          {kind === "stream" ? ", fed by " : ", held by "}
          <TaskLink task={holder} onSelect={onSelect} />
        </>
      )}
      {isHandedOver && (
        <>
          , woken by <TaskLink task={by} onSelect={onSelect} />
        </>
      )}
    </>
  );
}

export function HoldSection(props: { readonly holds: readonly HoldDetails[]; readonly now: number }): ReactElement {
  const { holds, now } = props;
  return (
    <Section title="Held">
      <ol className="waits">
        {holds.map((hold) => (
          <li key={hold.id}>
            <span className="wait-length">{formatDuration(hold.dur ?? Math.max(0, now - hold.acquired))}</span>
            <div>
              <span className="subject">{holdWords(hold)}</span>
              <p className="quiet">
                {`from ${formatInstant(hold.acquired)}`}
                {hold.waited > 0 && `, after waiting ${formatDuration(hold.waited)}`}
                {hold.dur === undefined && ", not given back"}
              </p>
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}

export function ScopeSection(props: { readonly scopes: readonly ScopeDetails[] }): ReactElement {
  return (
    <Section title="Blocks">
      <ol className="waits">
        {props.scopes.map((scope) => (
          <li key={scope.id}>
            <span className="wait-length">{formatInstant(scope.opened)}</span>
            <div>
              <span className="subject">{scopeWords(scope)}</span>
              <p className="quiet">{scopeStory(scope)}</p>
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}
