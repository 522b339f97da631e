/**
 * A block of work on one connection of a pool, all or nothing: committed when it returns, rolled back when it throws or
 * is cancelled. The rollback can't be cancelled, and its error never takes the place of the one that caused it.
 */
import { CancelledError, addSuppressed, assertFunction, describeValue, assertOptions } from "../task/errors.ts";
import { refuse, type Scope } from "../task/scope.ts";
import { protect } from "../task/shield.ts";
import { cleanUp } from "./clean-up.ts";
import { outcomeOf } from "./outcome.ts";
import type { PoolLease } from "./pool-lease.ts";
import { Pool } from "./pool.ts";

/** A connection that knows transactions. */
export interface Transactional {
  begin(): Promise<unknown>;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
}

/** How to do it with a connection that has other names for it. */
export interface TransactionSteps<R> {
  readonly begin: (connection: R) => PromiseLike<unknown>;
  readonly commit: (connection: R) => PromiseLike<unknown>;
  readonly rollback: (connection: R) => PromiseLike<unknown>;
}

/**
 * Runs `body` in a transaction on a connection of `pool`. Begin and commit are not interrupted; a cancel comes out
 * after them. A failed rollback is kept with the error that caused it (`getSuppressed`), and the connection destroyed.
 * @throws what `body`, begin or commit throw; CancelledError; TypeError for a connection without these methods
 */
export function transaction<R extends Transactional, T>(
  pool: Pool<R>,
  body: (connection: R) => PromiseLike<T>,
  steps?: TransactionSteps<R>,
): Promise<T>;
export function transaction<R, T>(
  pool: Pool<R>,
  body: (connection: R) => PromiseLike<T>,
  steps: TransactionSteps<R>,
): Promise<T>;
export async function transaction<R, T>(
  pool: Pool<R>,
  body: (connection: R) => PromiseLike<T>,
  steps: TransactionSteps<R> = OWN_STEPS as unknown as TransactionSteps<R>,
): Promise<T> {
  if (!(pool instanceof Pool)) throw new TypeError(`transaction() needs a Pool, not ${describeValue(pool)}.`);
  assertFunction(body, "transaction's body");
  assertOptions(steps, "transaction's steps");
  for (const step of STEPS) assertFunction(steps[step], `transaction's ${step}`);
  const lease = (await pool.acquire()) as PoolLease<R>;
  const { scope, resource: connection } = lease;
  if (steps === OWN_STEPS) {
    const missing = STEPS.find(
      (step) => typeof (connection as Partial<Transactional> | undefined)?.[step] !== "function",
    );
    if (missing !== undefined) {
      await lease.giveBack("completed");
      throw new TypeError(
        `A connection of pool ${pool.name} has no ${missing}(). Give transaction() the steps as its third argument: ` +
          "{ begin: (connection) => …, commit: (connection) => …, rollback: (connection) => … }.",
      );
    }
  }
  try {
    await protect(() => steps.begin(connection));
  } catch (error) {
    await lease.giveBack("failed");
    throw error;
  }
  let value: T;
  try {
    if (scope.refusesWaits) await refuse(scope);
    value = await body(connection);
    await protect(() => steps.commit(connection));
  } catch (error) {
    const { status, error: cause } = outcomeOf(error, scope);
    const isRolledBack = await rollBack(scope, cause, () => steps.rollback(connection));
    await lease.giveBack(isRolledBack ? status : "broken");
    throw cause;
  }
  await lease.giveBack("completed");
  return value;
}

const STEPS = ["begin", "commit", "rollback"] as const;

const OWN_STEPS: TransactionSteps<Transactional> = {
  begin: (connection) => connection.begin(),
  commit: (connection) => connection.commit(),
  rollback: (connection) => connection.rollback(),
};

/** Whether the connection is as it was before. */
async function rollBack(scope: Scope, cause: unknown, rollback: () => PromiseLike<unknown>): Promise<boolean> {
  let isDone = false;
  try {
    await cleanUp("A transaction's rollback", async () => {
      await rollback();
      isDone = true;
    });
  } catch (error) {
    addSuppressed(cause, error);
    // A cancel is absorbed by its scope, and what is no object carries nothing: the error would be lost with it.
    if (cause instanceof CancelledError || typeof cause !== "object") {
      scope.runner.report(error, "The rollback of a transaction failed.", scope.task);
    }
  }
  return isDone;
}
