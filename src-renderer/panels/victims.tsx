/** Who ran late because of a stall, the latest first, each a way to its task; and what that cost them. */
import type { ReactElement } from "react";
import type { StallDetails, TaskRef, Victim } from "../../src-main/api/api.ts";
import { formatCount, formatCountOf, formatDuration } from "../../src-main/api/format.ts";
import { RowList } from "../ui/row-list.tsx";
import type { OnSelect } from "./references.tsx";
import { Section } from "./section.tsx";

const WORDS: Readonly<Record<Victim["kind"], string>> = {
  timer: "timer",
  sleep: "sleep",
  deadline: "deadline",
  promise: "went on late",
  request: "answer read late",
  stream: "data read late",
  child: "child process heard late",
};

interface Line {
  readonly id: number;
  readonly victim: Victim;
  /** The line tells of this task, which the victim cancelled. */
  readonly cancelled?: TaskRef;
}

export function Victims(props: {
  readonly details: Pick<StallDetails, "victims" | "victimCount">;
  /** The event loop is blocked: nothing that is late has run. */
  readonly isGrowing: boolean;
  readonly onSelect: OnSelect;
}): ReactElement | undefined {
  const { details, isGrowing, onSelect } = props;
  const { victims, victimCount } = details;
  if (victimCount === 0 && !isGrowing) return undefined;
  if (victimCount === 0) {
    return (
      <Section title="Victims">
        <p className="quiet">What is late is known when the event loop turns again.</p>
      </Section>
    );
  }
  return (
    <Section title="Victims" aside={countWords(victims, victimCount)}>
      <RowList
        className="victims"
        items={linesOf(victims)}
        keyOf={({ id }) => id}
        canChoose={(line) => taskOf(line) !== undefined}
        onChoose={(line) => {
          const task = taskOf(line);
          if (task !== undefined) onSelect({ kind: "task", id: task.id });
        }}
      >
        {({ victim, cancelled }) => (cancelled === undefined ? victimLine(victim) : cancelledLine(cancelled))}
      </RowList>
      {victimCount > victims.length && (
        <p className="quiet">{formatCountOf(victimCount - victims.length, "other")} ran less late.</p>
      )}
    </Section>
  );
}

function victimLine(victim: Victim): ReactElement {
  const { task, name, kind } = victim;
  return (
    <>
      <span className="victim-mark" aria-hidden="true" />
      <span className="victim-name subject">{task?.name ?? (name === "" ? WORDS[kind] : name)}</span>{" "}
      <span className="victim-what quiet">{whatOf(victim)}</span>{" "}
      <span className="victim-late stall-number">{lateWords(victim)}</span>
    </>
  );
}

function cancelledLine(task: TaskRef): ReactElement {
  return (
    <>
      <span className="victim-mark" data-cancelled="" aria-hidden="true" />
      <span className="victim-name">
        cancelled <span className="subject">{task.name}</span>
      </span>{" "}
      <span className="victim-late quiet">because of the stall</span>
    </>
  );
}

function taskOf({ victim, cancelled }: Line): TaskRef | undefined {
  return cancelled ?? victim.task;
}

function linesOf(victims: readonly Victim[]): readonly Line[] {
  return victims.flatMap((victim, place): readonly Line[] => {
    const line = { id: 2 * place, victim };
    return victim.cancelled === undefined ? [line] : [line, { id: 2 * place + 1, victim, cancelled: victim.cancelled }];
  });
}

/** What the name before it does not say. */
function whatOf({ task, name, kind }: Victim): string {
  if (task === undefined) return name === "" || name.startsWith(WORDS[kind]) ? "" : WORDS[kind];
  return name === "" || name === task.name ? WORDS[kind] : name;
}

/** An estimate is marked: it was ready at this instant at the earliest. */
function lateWords({ due, ran, exact }: Victim): string {
  return `${exact ? "" : "≈ "}${formatDuration(Math.max(0, ran - due))}`;
}

function countWords(victims: readonly Victim[], count: number): string {
  const cancelled = victims.filter(({ cancelled: task }) => task !== undefined).length;
  const late = `${formatCount(count)} ran late`;
  return cancelled === 0 ? late : `${late} · ${formatCount(cancelled)} cancelled because of it`;
}
