/**
 * `stallscope`: the agent runtime. What asyncio gives an agent, with structured concurrency and cancel scopes, on
 * ordinary `async`/`await`. The guide is docs/runtime.md.
 */

// Running
export { Runner, run, type RunOptions, type RunnerOptions } from "./task/runner.ts";
export type { Clock } from "./task/clock.ts";
export type { ErrorReport, TaskInfo, TaskState } from "./task/runner-state.ts";
export type { Observer, RuntimeEvent } from "./task/observers.ts";
export type { EventKind } from "./task/instrument.ts";

// Tasks and scopes
export { createTask, currentSignal, currentTask } from "./task/spawn.ts";
export type { CancelRequest, Settled, Task, TaskOptions } from "./task/handle.ts";
export {
  supervisorGroup,
  taskGroup,
  type SupervisorOptions,
  type TaskGroup,
  type TaskGroupOptions,
} from "./task/task-group.ts";
export {
  cancelScope,
  scope,
  type CancelScope,
  type CancelScopeOptions,
  type OpenScope,
  type OpenScopeOptions,
  type ScopeResult,
} from "./task/cancel-scope.ts";
export { cancellable, checkpoint, now, sleep } from "./task/sleep.ts";
export { ContextVar, copyContext, type Context, type Token } from "./task/context.ts";

// Combinators
export {
  gather,
  mapConcurrent,
  type Awaitish,
  type AwaitishValue,
  type Gather,
  type GatherOptions,
  type GatherValues,
} from "./task/gather.ts";
export { asCompleted, wait, type EndedTask, type ReturnWhen, type WaitOptions, type WaitResult } from "./task/wait.ts";
export { firstSuccess, race } from "./task/race.ts";
export { captureCallGraph, formatCallGraph, type CallGraph } from "./task/call-graph.ts";

// Time and protection
export {
  moveOnAfter,
  timeout,
  timeoutAt,
  type MoveOnResult,
  type Timeout,
  type TimeoutOptions,
  type TimeoutState,
} from "./task/timeout.ts";
export { waitFor } from "./task/wait-for.ts";
export { shield, shielded } from "./task/shield.ts";

// Errors
export {
  CancelledError,
  FatalError,
  InterruptedError,
  NoCurrentTaskError,
  RuntimeWarning,
  TaskCancelledError,
  TaskGroupClosed,
  TaskNotFinished,
  TimeoutError,
  UsageError,
  getSuppressed,
  type CancelSource,
} from "./task/errors.ts";
export { ExceptionGroup, catchGroup, type GroupHandler } from "./task/exception-group.ts";
export { isCancellation, rethrowIfCancelled } from "./task/cancellation.ts";

// Synchronisation
export { Lock, type SyncStats } from "./sync/lock.ts";
export type { Guard } from "./sync/permits.ts";
export type { SyncOptions } from "./sync/subject.ts";
export { Event } from "./sync/event.ts";
export { Condition } from "./sync/condition.ts";
export { BoundedSemaphore, Semaphore, type SemaphoreStats } from "./sync/semaphore.ts";
export {
  CapacityLimiter,
  type BorrowOptions,
  type CapacityLimiterOptions,
  type CapacityLimiterStats,
} from "./sync/capacity-limiter.ts";
export { RateLimiter, type RateLimiterOptions, type RateLimiterStats } from "./sync/rate-limiter.ts";
export { Barrier } from "./sync/barrier.ts";
export { Queue, type QueueOptions, type QueueStats } from "./sync/queue.ts";
export { LifoQueue } from "./sync/lifo-queue.ts";
export { PriorityQueue, type PriorityQueueOptions } from "./sync/priority-queue.ts";
export type { Compare } from "./sync/item-store.ts";
export { BrokenBarrierError, LimiterFull, QueueEmpty, QueueFull, QueueShutDown } from "./sync/errors.ts";

// Streams
export { stream } from "./stream/stream.ts";
export type { AgentStream, Emit, Producer, StreamOptions, StreamStats } from "./stream/agent-stream.ts";
export type { StreamControl } from "./stream/stop-callbacks.ts";
export { fromAiSdk, type AiSdkSource } from "./stream/from-ai-sdk.ts";
export { fromIterable } from "./stream/from-iterable.ts";
export { fromReadable } from "./stream/from-readable.ts";
export { fromSse, type SseEvent } from "./stream/from-sse.ts";
export { toNodeReadable, toReadableStream } from "./stream/to-readable.ts";

// Resources
export { use, type UseOptions } from "./resource/use.ts";
export type { Outcome } from "./resource/outcome.ts";
export { AsyncExitStack } from "./resource/exit-stack.ts";
export { Pool, type PoolStats } from "./resource/pool.ts";
export type { PoolOptions } from "./resource/pool-stock.ts";
export type { PoolGuard } from "./resource/pool-lease.ts";
export { transaction, type Transactional, type TransactionSteps } from "./resource/transaction.ts";

// Resilience
export { retry, type FailedAttempt, type RetryPolicy } from "./resilience/retry.ts";
export type { BackoffOptions } from "./resilience/backoff.ts";
export { NonRetryableError } from "./resilience/retryable.ts";
export { fallback, type FallbackOptions, type FallbackResult, type FallbackStep } from "./resilience/fallback.ts";
export {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitState,
} from "./resilience/circuit-breaker.ts";

// Off the event loop
export { toThread, type ToThreadOptions } from "./thread/to-thread.ts";
export type { ThreadLimiter } from "./thread/thread-task.ts";
export { checkCancelled } from "./thread/check-cancelled.ts";
export { DataCloneError, ThreadEndedError } from "./thread/errors.ts";

// Agents
export { agent, type Agent, type AgentToolInput, type AsToolOptions } from "./agent/agent.ts";
export type { AgentRunStream } from "./agent/agent-run-stream.ts";
export { ModelError, ToolError } from "./agent/errors.ts";
export { MissingPackageError } from "./agent/library.ts";
export type {
  AgentInput,
  AgentModel,
  AgentOptions,
  AgentRetryPolicy,
  AgentRunOptions,
  AgentTimeouts,
  ModelSettings,
} from "./agent/options.ts";
export type {
  AgentFinishReason,
  AgentMessage,
  AgentPart,
  AgentResult,
  AgentStep,
  AgentToolCall,
  AgentToolResult,
  ToolStatus,
  Usage,
} from "./agent/result.ts";
export {
  scriptedModel,
  type Script,
  type ScriptedCall,
  type ScriptedModel,
  type ScriptedModelOptions,
} from "./agent/scripted-model.ts";
export type { ScriptedFailure, ScriptedReply, ScriptedToolCall } from "./agent/scripted-reply.ts";
export {
  team,
  type FanOutOptions,
  type FanOutResult,
  type HandOffOptions,
  type HandOffResult,
  type MemberResult,
  type TeamSupervisorOptions,
  type Team,
} from "./agent/team.ts";
export { tool, type Tool, type ToolContext, type ToolOptions, type ToolOutput } from "./agent/tool.ts";
