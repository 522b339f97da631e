/** An OpenTelemetry span, as the program's own SDK made it, and the task it belongs to. */
import type { ReactElement } from "react";
import type { SpanDetails as Span } from "../../src-main/api/api.ts";
import { formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { AttributeTree } from "../ui/attribute-tree.tsx";
import { OutcomeMark, outcomeWord } from "../ui/outcome-mark.tsx";
import { CopyJson } from "./copy-json.tsx";
import { FactList, type Fact } from "./fact-list.tsx";
import { TaskLink, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";

export function SpanDetails(props: {
  readonly details: Span;
  readonly now: () => number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { details, now, onSelect } = props;
  const lasted = (details.end ?? now()) - details.start;
  return (
    <>
      <Section>
        <p className="kick">
          <span>span</span>
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
          <span className="big-number">{formatDuration(Math.max(0, lasted))}</span> {details.name}
        </h2>
        {details.task !== undefined && (
          <p className="lineage">
            <span className="quiet">in </span>
            <TaskLink task={details.task} onSelect={onSelect} />
          </p>
        )}
        <div className="panel-actions">
          <CopyJson details={details} />
        </div>
      </Section>
      <Section>
        <FactList facts={factsOf(details)} />
      </Section>
      {Object.keys(details.attributes).length > 0 && (
        <Section title="Attributes">
          <AttributeTree attributes={details.attributes} />
        </Section>
      )}
    </>
  );
}

function factsOf(details: Span): readonly Fact[] {
  const facts: Fact[] = [];
  if (details.error !== undefined) facts.push({ name: "Error", value: details.error, tone: "error" });
  facts.push({ name: "Scope", value: details.scope === "" ? "none" : details.scope });
  facts.push({ name: "Trace", value: details.traceId, isCode: true });
  facts.push({ name: "Span", value: details.spanId, isCode: true });
  if (details.parentSpanId !== undefined)
    facts.push({ name: "Parent span", value: details.parentSpanId, isCode: true });
  return facts;
}
