/**
 * What the runtime tells whoever listens: one call an event, positional, nothing made for it. The tracer implements it,
 * and so does the adapter that hands objects to public observers. With nobody listening an event is one comparison.
 *
 *     emit(kind, task, subject, a, b)
 *
 * `task` is the task it happened to or in, `subject` what it is about, `a` and `b` numbers. Times are milliseconds.
 * A blank is undefined or 0.
 *
 *     kind                                subject    a                          b
 *     signal.received                     signal     how many so far
 *     shutdown.begin, shutdown.end                   live tasks / orphans
 *     task.created                        Scope      of its owner
 *     task.completed … task.abandoned     error      1: before it started
 *     task.attributes                     Attributes (what a model or tool call is about)
 *     task.chunk                                     size
 *     task.suspended, task.resumed        Wait
 *     await.begin                         Wait
 *     await.end                           Wait       0 handed over, 1 by an error, 2 cancelled
 *     scope.enter, scope.exit             Scope      (blocks: groups, scopes, timeouts, shields)
 *     cancel.requested                    Scope      1: not the first
 *     cancel.propagated                   Scope      where it was asked for
 *     cancel.delivered                    Wait, or Scope at an entry check
 *     cancel.absorbed, uncancel           Scope
 *     cancel.ignored                      Scope      (a task or a block that was thrown it and returned)
 *     cancel.unresponsive                 Scope
 *     abort.sent                          Scope
 *     group.enter, group.exit             Scope      errors (exit)
 *     group.child                         Scope      live children
 *     group.first_failure                 error
 *     timeout.armed, .rescheduled, .fired Scope      deadline                   late by (fired)
 *     timeout.disarmed                    Scope      deadline (what was armed is fired or disarmed, once)
 *     timeout.raised                      Scope      deadline
 *     shield.enter, .exit, .held_cancel   Scope
 *     join.begin, join.end                Subject    members                    pending at the end
 *     join.member                         TaskImpl
 *     sync.wait                           Subject    place in the queue         free permits
 *     sync.acquired                       Subject    waited                     holders
 *     sync.released                       Subject    held                       waiters
 *     sync.cancelled                      Subject    waited
 *     sync.limit_changed                  Subject    old                        new
 *     queue.put, queue.get                Subject    depth after                waiters
 *     queue.blocked                       Subject    0 get, 1 put               depth
 *     queue.unblocked                     Subject    0 get, 1 put               waited
 *     queue.shutdown                      Subject    1: immediate               depth
 *     queue.undelivered                   Subject
 *     stream.open                         Subject    buffer
 *     stream.first                        Subject    since the open
 *     stream.chunk (some at once)         Subject    chunks since the last      depth
 *     stream.paused                       Subject    0 producer, 1 consumer slow  depth
 *     stream.resumed                      Subject    0 producer, 1 consumer slow  paused
 *     stream.end                          Subject    chunks                     0 completed, 1 failed, 2 cancelled
 *     stream.break                        Subject    chunks
 *     retry.attempt                                  attempt, from 1            at most
 *     retry.failed                        error      attempt                    1: tried again
 *     retry.scheduled                                delay                      budget left
 *     retry.gave_up                       error      attempts
 *     fallback.used                       error      left, from 0               taken, -1 none
 *     breaker.state                       Subject    from 0 closed, 1 open, 2 half open  to
 *     thread.queued                       Subject    busy workers               workers
 *     thread.started, .ended, .terminated Subject    worker                     ms since queued
 *     resource.acquiring … .released      name       order                      0 completed, 1 failed, 2 cancelled
 *     loop.delay                          max        median                     99th percentile
 *     loop.slow_step                                 ms
 *     error.*, observer.disabled          error
 */
import type { WaitKind } from "./scope.ts";
import type { TaskImpl } from "./task.ts";

/** Something tasks wait for, hold or pass through: a lock, a queue, a stream, a gather. */
export interface Subject {
  /** Its class in one word: `lock`, `queue`, `stream`, `pool` … */
  readonly kind: WaitKind;
  readonly name: string;
  /** Listeners' own number of it, 0 until one has met it. */
  tag: number;
  /** Tasks that hold it now; empty where nothing can be held. */
  holders(): readonly TaskImpl[];
  /** Tasks whose ends it waits for: those of a group, a gather, a `wait`. */
  members?(): readonly TaskImpl[];
}

export type EventKind =
  | "run.start"
  | "run.end"
  | "signal.received"
  | "shutdown.begin"
  | "shutdown.end"
  | "task.created"
  | "task.started"
  | "task.suspended"
  | "task.resumed"
  | "task.completed"
  | "task.failed"
  | "task.cancelled"
  | "task.abandoned"
  | "task.late_outcome"
  | "task.attributes"
  | "task.chunk"
  | "await.begin"
  | "await.end"
  | "scope.enter"
  | "scope.exit"
  | "cancel.requested"
  | "cancel.propagated"
  | "cancel.delivered"
  | "cancel.absorbed"
  | "cancel.ignored"
  | "cancel.unresponsive"
  | "uncancel"
  | "abort.sent"
  | "group.enter"
  | "group.child"
  | "group.first_failure"
  | "group.exit"
  | "timeout.armed"
  | "timeout.rescheduled"
  | "timeout.fired"
  | "timeout.disarmed"
  | "timeout.raised"
  | "shield.enter"
  | "shield.exit"
  | "shield.held_cancel"
  | "join.begin"
  | "join.member"
  | "join.end"
  | "sync.wait"
  | "sync.acquired"
  | "sync.released"
  | "sync.cancelled"
  | "sync.limit_changed"
  | "queue.put"
  | "queue.get"
  | "queue.blocked"
  | "queue.unblocked"
  | "queue.shutdown"
  | "queue.undelivered"
  | "stream.open"
  | "stream.first"
  | "stream.chunk"
  | "stream.paused"
  | "stream.resumed"
  | "stream.end"
  | "stream.break"
  | "retry.attempt"
  | "retry.failed"
  | "retry.scheduled"
  | "retry.gave_up"
  | "fallback.used"
  | "breaker.state"
  | "thread.queued"
  | "thread.started"
  | "thread.ended"
  | "thread.terminated"
  | "resource.acquiring"
  | "resource.acquired"
  | "resource.releasing"
  | "resource.released"
  | "loop.delay"
  | "loop.slow_step"
  | "error.unretrieved"
  | "error.unhandled"
  | "error.suppressed"
  | "observer.disabled";

export interface Instrument {
  emit(kind: EventKind, task: TaskImpl | undefined, subject: unknown, a: number, b: number): void;
}
