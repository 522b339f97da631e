/** A stall: how long, where, why one believes so, and what was open meanwhile. */
import type { ReactElement } from "react";
import type { Frame, RecordingApi, StallDetails as Stall, StallSample } from "../../src-main/api/api.ts";
import { causeWords } from "../../src-main/api/cause-words.ts";
import type { EditorStore } from "../state/editor.ts";
import { stallLength, type StallLength } from "../state/stall-length.ts";
import { useTick } from "../state/use-tick.ts";
import { formatCountOf, formatCounting, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { LinkButton } from "../ui/button.tsx";
import { EditorButton } from "../ui/editor-link.tsx";
import { Ring } from "../ui/ring.tsx";
import { SiteText } from "../ui/site-text.tsx";
import { CopyJson } from "./copy-json.tsx";
import { EditorChoice } from "./editor-choice.tsx";
import { evidenceOf } from "./evidence.ts";
import { ExportStall } from "./export-stall.tsx";
import { FlameSection } from "./flame-section.tsx";
import { Lineage, TaskList, type OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";
import { isSameSite, StackList } from "./stack-list.tsx";
import { Victims } from "./victims.tsx";

const COUNTING_TICK_MS = 100;
const INNERMOST = 3;

export function StallDetails(props: {
  readonly api: Pick<RecordingApi, "exportStall">;
  readonly recording: string;
  readonly details: Stall;
  readonly isLive: boolean;
  readonly now: () => number;
  readonly editor: EditorStore;
  readonly onSelect: OnSelect;
}): ReactElement {
  const { api, recording, details, isLive, now, editor, onSelect } = props;
  const { stall, flame } = details;
  const isNow = isLive && stall.dur === undefined;
  useTick(isNow ? COUNTING_TICK_MS : undefined);
  const lasted = stallLength(stall, isLive, now());
  const lineage = stall.task === undefined ? details.ancestors : [...details.ancestors, stall.task];
  return (
    <>
      <Section>
        <p className="kick">
          <Ring state={isNow ? "blocked" : "still"} size={14} />
          <span>
            Stall {details.place} of {details.of}
            {isNow && ", still open"}
            {stall.phase !== "run" && `, ${stall.phase === "startup" ? "at start-up" : "at exit"}`}
          </span>
          <span className="kick-when">
            {lasted.state === "over"
              ? span(stall.start, stall.start + lasted.length)
              : `since ${formatInstant(stall.start)}`}
          </span>
        </p>
        <Headline lasted={lasted} />
        <div className="blame">
          <div className="blame-words">
            <p className="blame-line">
              {stall.blame === undefined ? (
                <span className="quiet">Cannot tell which function: {whyNoBlame(details, isNow)}</span>
              ) : (
                <SiteText site={stall.blame} />
              )}
            </p>
            {lineage.length > 0 && <Lineage tasks={lineage} onSelect={onSelect} />}
            {details.span !== undefined && <SpanLine span={details.span} onSelect={onSelect} />}
          </div>
          <EditorButton editor={editor} frame={blamedFrame(details)} />
        </div>
      </Section>
      {isNow && details.samples.length > 0 && <Samples details={details} />}
      {flame === undefined ? (
        <NoFlame details={details} isNow={isNow} editor={editor} />
      ) : (
        <FlameSection key={stall.id} flame={flame} stall={stall} isGrowing={isNow} editor={editor} />
      )}
      <Cause details={details} isNow={isNow} />
      <Victims details={details} isGrowing={isNow} onSelect={onSelect} />
      {!isNow && details.samples.length > 0 && <Samples details={details} />}
      {details.open.length > 0 && (
        <Section title="Open during the stall" aside="evidence, not blame">
          <TaskList tasks={details.open} onSelect={onSelect} />
        </Section>
      )}
      <Section>
        <div className="panel-foot">
          {flame !== undefined && <ExportStall api={api} recording={recording} stall={stall.id} />}
          <CopyJson details={details} />
        </div>
        {blamedFrame(details) !== undefined && <EditorChoice editor={editor} />}
      </Section>
    </>
  );
}

function Headline(props: { readonly lasted: StallLength }): ReactElement {
  const { length, state } = props.lasted;
  return (
    <h2 className="big">
      {state === "atLeast" && "at least "}
      <span className="big-number" data-stall="">
        {state === "now" ? formatCounting(length) : formatDuration(length)}
      </span>{" "}
      {HOW_LONG[state]}
    </h2>
  );
}

const HOW_LONG: Readonly<Record<StallLength["state"], string>> = {
  over: "event loop blocked",
  now: "and counting, as seen by the watchdog",
  atLeast: "blocked; nobody saw its end",
};

function whyNoBlame(details: Stall, isNow: boolean): string {
  if (details.samples.length > 0 || details.flame !== undefined) return "no function stands in most of the stacks.";
  return isNow ? "no stack yet." : "no stack was seen.";
}

/** The blamed frame as it was seen, which knows its file. */
function blamedFrame({ stall, frames, flame }: Stall): Frame | undefined {
  const { blame } = stall;
  if (blame === undefined) return undefined;
  return [...frames, ...(flame?.frames ?? [])].find((frame) => frame.path !== undefined && isSameSite(frame, blame));
}

/** In place of the flame: the stack alone, or why there is none. */
function NoFlame(props: {
  readonly details: Stall;
  readonly isNow: boolean;
  readonly editor: EditorStore;
}): ReactElement {
  const { details, isNow, editor } = props;
  const { frames, stall, evidence } = details;
  if (frames.length > 0) {
    return (
      <Section title="Stack during the stall" aside="innermost first">
        <StackList frames={frames} blame={stall.blame} editor={editor} />
      </Section>
    );
  }
  const isInNative = (evidence.unansweredMs ?? 0) > 0;
  return (
    <Section title={isNow ? "Stack so far" : "Stack during the stall"}>
      <p className="quiet">
        {isNow
          ? "No stack has come yet. V8 answers between two pieces of JavaScript; inside one native call it cannot, and what that was is known afterwards."
          : isInNative
            ? "No stack was seen: V8 did not answer, and no profile covers this time."
            : "No stack was seen, neither while it lasted nor in a profile."}
      </p>
    </Section>
  );
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

function Cause(props: { readonly details: Stall; readonly isNow: boolean }): ReactElement {
  const { details, isNow } = props;
  const { cause, phase, blame } = details.stall;
  const inPackage = cause === "own-code" && blame?.package !== undefined ? ", in a dependency" : "";
  const evidence = evidenceOf(details);
  const against = evidence.filter(({ denies }) => denies === true);
  const soFar = isNow ? "Cause so far" : "Cause";
  return (
    <Section title={`${soFar}: ${causeWords(cause, phase)}${inPackage}`}>
      <table className="table">
        <tbody>
          {evidence
            .filter(({ denies }) => denies !== true)
            .map(({ what, code, value, says }) => (
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
      {against.length > 0 && (
        <p className="evidence-against">
          Not the cause:{" "}
          {against
            .map(({ what, value }) => `${what.charAt(0).toLowerCase()}${what.slice(1)} ${unbroken(value)}`)
            .join(" · ")}
        </p>
      )}
    </Section>
  );
}

/** A number and its unit stay together. */
function unbroken(value: string): string {
  return value.replaceAll(" ", "\u00a0");
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
            {stall.blame !== undefined && <th className="number">Agrees</th>}
          </tr>
        </thead>
        <tbody>
          {newestFirst.map((sample) => (
            <tr key={sample.at}>
              <td className="number">{formatDuration(sample.at - stall.start)}</td>
              <td className="grows">
                <code>{innermost(sample)}</code>
              </td>
              {stall.blame !== undefined && <td className="number aside">{sample.agrees ? "yes" : "no"}</td>}
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
