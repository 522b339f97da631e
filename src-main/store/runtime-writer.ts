/** The writer's statements for what the agent runtime tells. */
import type { Change } from "./rows.ts";
import type { Statements } from "./statements.ts";
import type { YoungRows } from "./young-rows.ts";

export type RuntimeChange = Extract<
  Change,
  {
    do:
      | "taskStarted"
      | "taskSite"
      | "deliverCancellation"
      | "scope"
      | "closeScope"
      | "scopeDeadline"
      | "cancelScope"
      | "subject"
      | "wait"
      | "endWait"
      | "hold"
      | "endHold"
      | "depth"
      | "runtimeEvent";
  }
>;

export function applyRuntime(sql: Statements, young: YoungRows, change: RuntimeChange): void {
  switch (change.do) {
    case "taskStarted":
      young.settleTask(change.task);
      sql.startTask.run(change.at, change.task);
      return;
    case "taskSite":
      young.settleTask(change.task);
      sql.taskSite.run(JSON.stringify(change.stack), change.task);
      return;
    case "deliverCancellation":
      sql.deliverCancellation.run(change.at, change.cancellation);
      return;
    case "scope": {
      const { id, task, parent, kind, name, opened, shielded } = change.row;
      sql.scope.run(id, task, parent, kind, name, opened, Number(shielded));
      return;
    }
    case "closeScope":
      sql.closeScope.run(change.at, change.scope);
      return;
    case "scopeDeadline":
      sql.scopeDeadline.run(change.when ?? null, change.scope);
      return;
    case "cancelScope":
      sql.cancelScope.run(change.at, change.cancel, change.scope);
      return;
    case "subject": {
      const { id, thread, kind, name } = change.row;
      sql.subject.run(id, thread, kind, name);
      return;
    }
    case "wait":
      young.wait(change.row);
      return;
    case "endWait":
      young.endWait(change);
      return;
    case "hold": {
      const { id, task, subject, acquired, waited } = change.row;
      sql.hold.run(id, task, subject, acquired, waited);
      return;
    }
    case "endHold":
      sql.endHold.run(change.dur, change.hold);
      return;
    case "depth": {
      const { subject, at, depth, waiters, passed } = change.row;
      sql.depth.run(subject, at, depth, waiters, passed);
      return;
    }
    case "runtimeEvent": {
      const { at, thread, kind, task, subject, a, b, text } = change.row;
      sql.runtimeEvent.run(at, thread, kind, task, subject, a, b, text ?? null);
      return;
    }
  }
}
