/** A task: what it was, when, how it ended, who cancelled it, what it waited for, which stalls it held, what it carried. */
import type { ReactElement } from "react";
import type { TaskDetails as Task } from "../../src-main/api/api.ts";
import { useTick } from "../state/use-tick.ts";
import { formatCount, formatCountOf, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { AttributeTree } from "../ui/attribute-tree.tsx";
import { OutcomeMark, outcomeWord } from "../ui/outcome-mark.tsx";
import { CancellationStory } from "./cancellation-story.tsx";
import { CopyJson } from "./copy-json.tsx";
import { FactList, type Fact } from "./fact-list.tsx";
import { Lineage, StallList, taskWord, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";
import { HoldSection, ScopeSection, WaitSection } from "./wait-sections.tsx";
import { SiteText } from "../ui/site-text.tsx";

export function TaskDetails(props: {
  readonly details: Task;
  readonly isLive: boolean;
  readonly now: () => number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { details, isLive, now, onSelect } = props;
  const isRunning = details.end === undefined && isLive;
  useTick(isRunning ? 100 : undefined);
  const lasted = (details.end ?? now()) - details.start;
  return (
    <>
      <Section>
        <p className="kick">
          <span>{taskWord(details.task.kind)}</span>
          <OutcomeMark outcome={details.outcome} />
          <span className="outcome" data-outcome={details.outcome}>
            {outcomeWord(details.outcome)}
          </span>
          <span className="kick-when">
            {details.end === undefined
              ? `since ${formatInstant(details.start)}`
              : `${formatInstant(details.start)} – ${formatInstant(details.end)}`}
          </span>
        </p>
        <h2 className="big">
          <span className="big-number">{formatDuration(Math.max(0, lasted))}</span> {details.task.name}
        </h2>
        {details.ancestors.length > 0 && <Lineage tasks={details.ancestors} onSelect={onSelect} />}
        <div className="panel-actions">
          <CopyJson details={details} />
        </div>
      </Section>
      <Section>
        <FactList facts={factsOf(details)} />
        {details.site !== undefined && (
          <p className="quiet">
            Created in <SiteText site={details.site} />
          </p>
        )}
      </Section>
      {details.cancellation !== undefined && (
        <CancellationStory cancellation={details.cancellation} ended={details.end} onSelect={onSelect} />
      )}
      {details.laterCancellations?.map((cancellation) => (
        <CancellationStory key={cancellation.id} cancellation={cancellation} ended={details.end} onSelect={onSelect} />
      ))}
      {details.waits !== undefined && (
        <WaitSection waits={details.waits} task={details.task.id} now={now()} onSelect={onSelect} />
      )}
      {details.holds !== undefined && <HoldSection holds={details.holds} now={now()} />}
      {details.scopes !== undefined && <ScopeSection scopes={details.scopes} />}
      {details.stalls.length > 0 && (
        <Section title="Held the event loop" aside={formatCountOf(details.stalls.length, "stall")}>
          <StallList stalls={details.stalls} now={now()} isLive={isLive} onSelect={onSelect} />
        </Section>
      )}
      {Object.keys(details.attributes).length > 0 && (
        <Section title="Attributes">
          <AttributeTree attributes={details.attributes} />
        </Section>
      )}
    </>
  );
}

function factsOf(details: Task): readonly Fact[] {
  const facts: Fact[] = [];
  // A cancel is no error: its story says who asked.
  if (details.error !== undefined && details.outcome !== "cancelled") {
    facts.push({ name: "Error", value: details.error, tone: "error" });
  }
  facts.push({ name: "Started", value: formatInstant(details.start) });
  if (details.queued !== undefined) facts.push({ name: "Queued", value: `for ${formatDuration(details.queued)}` });
  facts.push({ name: "Ended", value: details.end === undefined ? "not yet seen" : formatInstant(details.end) });
  if (details.firstChunk !== undefined) {
    facts.push({ name: "First chunk", value: `after ${formatDuration(details.firstChunk - details.start)}` });
  }
  if (details.chunks > 0) facts.push({ name: "Chunks", value: formatCount(details.chunks) });
  if (details.children > 0) facts.push({ name: "Tasks below", value: formatCount(details.children) });
  if (details.origin !== undefined) facts.push({ name: "Seen by", value: details.origin });
  return facts;
}
