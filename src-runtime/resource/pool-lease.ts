/** One resource of a pool while it is lent. It is given back once; its pool decides by how it was used what becomes of it. */
import { currentScopeOrNone } from "../task/current.ts";
import { UsageError } from "../task/errors.ts";
import { Held } from "../task/held.ts";
import type { Scope } from "../task/scope.ts";
import type { TaskImpl } from "../task/task.ts";

/** One that is lent. Disposing gives it back; a second time changes nothing. */
export interface PoolGuard<R> extends AsyncDisposable {
  /** @throws UsageError after it was given back */
  readonly resource: R;
  /** Gives it back as broken: it is destroyed. */
  discard(): Promise<void>;
}

/** How the block that used it ended; broken: it must not be lent again. */
export type Return = "completed" | "failed" | "cancelled" | "broken";

export type TakeBack<R> = (lease: PoolLease<R>, resource: R, how: Return) => Promise<void> | undefined;

export class PoolLease<R> extends Held implements PoolGuard<R> {
  override readonly keyword = "await using";
  readonly scope: Scope;
  /** Milliseconds of the runner's clock. */
  readonly since: number;
  readonly #resource: R;
  readonly #poolName: string;
  readonly #takeBack: TakeBack<R>;
  #isBack = false;

  constructor(resource: R, poolName: string, scope: Scope & { readonly task: TaskImpl }, takeBack: TakeBack<R>) {
    super();
    this.#resource = resource;
    this.#poolName = poolName;
    this.scope = scope;
    this.since = scope.runner.clock.now();
    this.#takeBack = takeBack;
    this.hold(scope.task);
  }

  override get what(): string {
    return `pool ${this.#poolName}`;
  }

  get resource(): R {
    if (!this.#isBack) return this.#resource;
    throw new UsageError(`This resource was given back to pool ${this.#poolName}. Acquire another one.`);
  }

  /** Ends when it is handed on, idle or destroyed. Never rejects. */
  async giveBack(how: Return): Promise<void> {
    if (this.#isBack) return;
    this.#isBack = true;
    const isCancelled = [this.scope, this.holder?.scope, currentScopeOrNone()].some(
      (scope) => scope?.effective !== undefined,
    );
    const ending = this.#takeBack(this, this.#resource, how === "completed" && isCancelled ? "cancelled" : how);
    this.letGo();
    await ending;
  }

  /** Its task ended without giving it back: nobody knows in what state it is. */
  override release(): void {
    void this.giveBack("cancelled");
  }

  discard(): Promise<void> {
    return this.giveBack("broken");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.giveBack("completed");
  }
}
