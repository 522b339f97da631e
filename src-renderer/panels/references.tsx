/** Ways from a panel to what it names: tasks and stalls, each a press away. */
import type { ReactElement } from "react";
import type { Selection, StallRow, TaskRef } from "../../src-main/api/api.ts";
import { formatCounting, formatDuration, formatInstant } from "../../src-main/api/format.ts";
import { stallLength } from "../state/stall-length.ts";
import { LinkButton } from "../ui/button.tsx";
import { RowList } from "../ui/row-list.tsx";
import { functionName, shortPlaceOf } from "../ui/site-text.tsx";
import { causeWords } from "../../src-main/api/cause-words.ts";

export type OnSelect = (selection: Selection) => void;

/** `step 2 › tool summarise › splitIntoChunks`: the way down from the root. */
export function Lineage(props: { readonly tasks: readonly TaskRef[]; readonly onSelect: OnSelect }): ReactElement {
  const { tasks, onSelect } = props;
  return (
    <p className="lineage">
      {tasks.map((task, place) => (
        <span key={task.id}>
          {place > 0 && <span className="quiet"> › </span>}
          <TaskLink task={task} onSelect={onSelect} />
        </span>
      ))}
    </p>
  );
}

export function TaskLink(props: { readonly task: TaskRef; readonly onSelect: OnSelect }): ReactElement {
  const { task, onSelect } = props;
  return (
    <>
      {!NAMED_BY_THEMSELVES.has(task.kind) && <span className="quiet">{taskWord(task.kind)} </span>}
      <LinkButton plain onPress={() => onSelect({ kind: "task", id: task.id })}>
        {task.name}
      </LinkButton>
    </>
  );
}

/** An agent and its steps say in their names what they are. */
const NAMED_BY_THEMSELVES: ReadonlySet<TaskRef["kind"]> = new Set(["agent", "step"]);

/** What is told of a task by its kind: one of no other kind is just a task. */
export function taskWord(kind: TaskRef["kind"]): string {
  return kind === "function" ? "task" : kind;
}

export function TaskList(props: { readonly tasks: readonly TaskRef[]; readonly onSelect: OnSelect }): ReactElement {
  return (
    <RowList
      className="task-list"
      items={props.tasks}
      keyOf={({ id }) => id}
      onChoose={({ id }) => props.onSelect({ kind: "task", id })}
    >
      {(task) => (
        <>
          <span className="task-kind">{taskWord(task.kind)}</span> <span className="subject">{task.name}</span>
        </>
      )}
    </RowList>
  );
}

export function StallList(props: {
  readonly stalls: readonly StallRow[];
  readonly now: number;
  readonly isLive: boolean;
  readonly onSelect: OnSelect;
}): ReactElement {
  return (
    <RowList
      className="stall-list"
      items={props.stalls}
      keyOf={({ id }) => id}
      onChoose={({ id }) => props.onSelect({ kind: "stall", id })}
    >
      {(stall) => (
        <>
          <span className={stall.phase === "startup" ? "stall-length" : "stall-length stall-number"}>
            {lengthOf(stall, props.isLive, props.now)}
          </span>{" "}
          <span className="stall-where">
            {stall.blame === undefined ? (
              causeWords(stall.cause, stall.phase)
            ) : (
              <>
                <code className="site-function">{functionName(stall.blame)}</code>{" "}
                <span className="quiet">{shortPlaceOf(stall.blame)}</span>
              </>
            )}
          </span>{" "}
          <span className="quiet">{stall.dur === undefined && props.isLive ? "now" : formatInstant(stall.start)}</span>
        </>
      )}
    </RowList>
  );
}

function lengthOf(stall: StallRow, isLive: boolean, now: number): string {
  const { length, state } = stallLength(stall, isLive, now);
  if (state === "now") return formatCounting(length);
  return state === "atLeast" ? `≥ ${formatDuration(length)}` : formatDuration(length);
}
