/** Nothing is selected: the recording itself. Its stalls, how it ended, and what the recorder could not see. */
import type { ReactElement } from "react";
import type { Overview, StallRow, TrackTable } from "../../src-main/api/api.ts";
import { OUTCOMES } from "../../src-runtime/protocol/record.ts";
import { stallLength } from "../state/stall-length.ts";
import { useTick } from "../state/use-tick.ts";
import { formatCount, formatCountOf, formatDate, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { Notice } from "../ui/notice.tsx";
import { functionName } from "../ui/site-text.tsx";
import { FactList, type Fact } from "./fact-list.tsx";
import { StallList, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";

const COUNTING_TICK_MS = 100;
const OPEN = OUTCOMES.indexOf("open");

export function OverviewPanel(props: {
  readonly overview: Overview;
  readonly tracks: TrackTable;
  readonly now: () => number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { overview, tracks, now, onSelect } = props;
  const { recording, stalls } = overview;
  const isLive = recording.state === "live";
  useTick(isLive && stalls.some(({ dur }) => dur === undefined) ? COUNTING_TICK_MS : undefined);
  const dropped = Object.entries(overview.dropped).filter(([, count]) => count > 0);
  return (
    <>
      <Section>
        <p className="kick">
          <span>Recording</span>
          <span className="kick-when">{formatDate(recording.startedAtMs)}</span>
        </p>
        <h2 className="big subject">{recording.name}</h2>
        <FactList facts={factsOf(overview)} />
      </Section>
      {recording.state === "cut" && (
        <Section>
          <Cut overview={overview} open={tracks.outcome.filter((outcome) => outcome === OPEN).length} />
        </Section>
      )}
      {stalls.length === 0 ? (
        <Section>
          <Notice title="The event loop never stalled">
            <p>Nothing held it for longer than {formatDuration(overview.thresholdMs * 1e6)}.</p>
          </Notice>
        </Section>
      ) : (
        <Section title="Stalls" aside={blockedWords(stalls, recording.blockedMs)}>
          <StallList stalls={longestFirst(stalls, isLive, now())} now={now()} isLive={isLive} onSelect={onSelect} />
        </Section>
      )}
      {dropped.length > 0 && (
        <Section title={`${formatCount(recording.dropped)} events dropped`}>
          <p>
            Buffers were full: {dropped.map(([kind, count]) => `${formatCount(count)} ${kind}`).join(", ")} missing.
            Counts are too low by these.
          </p>
        </Section>
      )}
      {overview.notSeen.length > 0 && (
        <Section title="Not seen">
          <ul className="not-seen">
            {overview.notSeen.map((what) => (
              <li key={what}>{what}</li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

function Cut(props: { readonly overview: Overview; readonly open: number }): ReactElement {
  const { overview, open } = props;
  const { recording, end } = overview;
  const last = overview.stalls.at(-1);
  const how =
    recording.signal === undefined
      ? "The process ended without a word"
      : `The process was killed (${recording.signal})`;
  return (
    <Notice tone="cut" title={`Cut at ${formatInstant(end)}`}>
      <p>
        {how}
        {last !== undefined && last.dur === undefined && (
          <>
            {" "}
            while the event loop was blocked
            {last.blame !== undefined && (
              <>
                {" "}
                in <code>{functionName(last.blame)}</code>
              </>
            )}
          </>
        )}
        . Everything until then is here{open > 0 && `; ${formatCountOf(open, "task")} never settled`}.
      </p>
    </Notice>
  );
}

function factsOf(overview: Overview): readonly Fact[] {
  const { recording, threads } = overview;
  const main = threads[0];
  const facts: Fact[] = [];
  if (recording.signal !== undefined) facts.push({ name: "Killed by", value: recording.signal });
  else if (recording.exitCode !== undefined) facts.push({ name: "Exit code", value: String(recording.exitCode) });
  facts.push({
    name: "Tasks",
    value:
      recording.failed === 0
        ? formatCount(recording.tasks)
        : `${formatCount(recording.tasks)} · ${formatCount(recording.failed)} ended by an error`,
  });
  if (recording.cancellations > 0) facts.push({ name: "Cancellations", value: formatCount(recording.cancellations) });
  if (recording.modelCalls > 0) {
    facts.push({
      name: "Model calls",
      value: `${formatCount(recording.modelCalls)} · ${formatCountOf(recording.tokens, "token")}`,
    });
  }
  if (recording.tools > 0) facts.push({ name: "Tool calls", value: formatCount(recording.tools) });
  if (main !== undefined) facts.push({ name: "Program", value: main.program });
  if (threads.length > 1) facts.push({ name: "Threads", value: formatCount(threads.length) });
  if (overview.ownMs > 0)
    facts.push({ name: "Tracer itself", value: `${formatDuration(overview.ownMs * 1e6)}, in no stall` });
  facts.push({ name: "Node", value: nodeWords(overview.nodeChosen, main?.node) });
  return facts;
}

/** Which Node ran it, and why that one. */
function nodeWords(chosen: string, version: string | undefined): string {
  const why = chosen === "path" ? "the one on the path" : chosen;
  return version === undefined ? why : `${version.replace(/^v/, "")}, ${why}`;
}

/** Start-up is listed and not counted. */
function blockedWords(stalls: readonly StallRow[], blockedMs: number): string {
  const isCounted = stalls.some(({ phase }) => phase !== "startup");
  return isCounted ? `${formatDuration(blockedMs * 1e6)} blocked` : "none counted";
}

function longestFirst(stalls: readonly StallRow[], isLive: boolean, now: number): readonly StallRow[] {
  const lasted = (stall: StallRow): number => stallLength(stall, isLive, now).length;
  return [...stalls].sort((a, b) => lasted(b) - lasted(a));
}
