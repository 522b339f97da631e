/** A stall: how long, where, why one believes so, and what was open meanwhile. */
import type { ReactElement } from "react";
import type { StallDetails as Stall, StallSample } from "../../src-main/api/api.ts";
import { useTick } from "../state/use-tick.ts";
import { formatCountOf, formatCounting, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { LinkButton } from "../ui/button.tsx";
import { Ring } from "../ui/ring.tsx";
import { SiteText } from "../ui/site-text.tsx";
import { causeWords, evidenceOf } from "./cause-words.ts";
import { CopyJson } from "./copy-json.tsx";
import { Lineage, TaskList, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";
import { StackList } from "./stack-list.tsx";

const COUNTING_TICK_MS = 100;
const INNERMOST = 3;

export function StallDetails(props: {
  readonly details: Stall;
  readonly isLive: boolean;
  readonly now: () => number;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { details, isLive, now, onSelect } = props;
  const { stall } = details;
  const isOpen = stall.dur === undefined;
  useTick(isOpen && isLive ? COUNTING_TICK_MS : undefined);
  const lasted = stall.dur ?? Math.max(0, now() - stall.start);
  const lineage = stall.task === undefined ? details.ancestors : [...details.ancestors, stall.task];
  return (
    <>
      <Section>
        <p className="kick">
          <Ring state={isOpen && isLive ? "blocked" : "still"} size={14} />
          <span>
            Stall {details.place} of {details.of}
            {isOpen && isLive && ", still open"}
            {stall.phase !== "run" && `, ${stall.phase === "startup" ? "at start-up" : "at exit"}`}
          </span>
          <span className="kick-when">
            {isOpen ? `since ${formatInstant(stall.start)}` : span(stall.start, stall.start + lasted)}
          </span>
        </p>
        <h2 className="big">
          <span className="big-number" data-stall="">
            {isOpen && isLive ? formatCounting(lasted) : formatDuration(lasted)}
          </span>{" "}
          {howLong(isOpen, isLive)}
        </h2>
        <div className="blame">
          <div className="blame-words">
            <p className="blame-line">
              {stall.blame === undefined ? (
                <span className="quiet">Cannot tell which function: no stack agrees.</span>
              ) : (
                <SiteText site={stall.blame} />
              )}
            </p>
            {lineage.length > 0 && <Lineage tasks={lineage} onSelect={onSelect} />}
            {details.span !== undefined && <SpanLine span={details.span} onSelect={onSelect} />}
          </div>
          <CopyJson details={details} />
        </div>
      </Section>
      <Cause details={details} />
      {details.frames.length > 0 && (
        <Section title="Stack during the stall" aside="innermost first">
          <StackList frames={details.frames} blame={stall.blame} />
        </Section>
      )}
      {details.samples.length > 0 && <Samples details={details} />}
      {details.open.length > 0 && (
        <Section title="Open during the stall" aside="evidence, not blame">
          <TaskList tasks={details.open} onSelect={onSelect} />
        </Section>
      )}
    </>
  );
}

function howLong(isOpen: boolean, isLive: boolean): string {
  if (!isOpen) return "event loop blocked";
  return isLive ? "and counting, as seen by the watchdog" : "event loop blocked, until the recording ends";
}

function SpanLine(props: {
  readonly span: { readonly id: number; readonly name: string };
  readonly onSelect: OnSelect;
}): ReactElement {
  const { span: within, onSelect } = props;
  return (
    <p className="lineage">
      <span className="quiet">in span </span>
      <LinkButton plain onPress={() => onSelect({ kind: "span", id: within.id })}>
        {within.name}
      </LinkButton>
    </p>
  );
}

function Cause(props: { readonly details: Stall }): ReactElement {
  const { details } = props;
  const { cause, phase, blame } = details.stall;
  const inPackage = cause === "own-code" && blame?.package !== undefined ? ", in a dependency" : "";
  const soFar = details.stall.dur === undefined ? "Cause so far" : "Cause";
  return (
    <Section title={`${soFar}: ${causeWords(cause, phase)}${inPackage}`}>
      <table className="table">
        <tbody>
          {evidenceOf(details).map(({ what, code, value, says }) => (
            <tr key={what}>
              <td>
                {what}
                {code !== undefined && (
                  <>
                    {" "}
                    <code>{code === "" ? "(anonymous)" : code}</code>
                  </>
                )}
              </td>
              <td className="number">{value}</td>
              <td className="aside">{says}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Samples(props: { readonly details: Stall }): ReactElement {
  const { samples, stall } = props.details;
  const newestFirst = [...samples].sort((a, b) => b.at - a.at);
  return (
    <Section title="Stacks taken while blocked" aside={formatCountOf(samples.length, "capture")}>
      <table className="table">
        <thead>
          <tr>
            <th className="number">After</th>
            <th>Innermost frames</th>
            <th className="number">Agrees</th>
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((sample) => (
            <tr key={sample.at}>
              <td className="number">{formatDuration(sample.at - stall.start)}</td>
              <td className="grows">
                <code>{innermost(sample)}</code>
              </td>
              <td className="number aside">{sample.agrees ? "yes" : "no"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function innermost(sample: StallSample): string {
  return sample.frames
    .slice(0, INNERMOST)
    .map((frame) => (frame.function === "" ? "(anonymous)" : frame.function))
    .join(" ‹ ");
}

function span(from: number, to: number): string {
  return `${formatInstant(from)} – ${formatInstant(to)}`;
}
