/**
 * Context variables with Python's rules: a task has a context of its own, copied when it is created. What is awaited in
 * the same task may change it for its caller; a child task may not.
 */
import { currentScope, currentScopeOrNone, enterScope } from "./current.ts";
import { UsageError } from "./errors.ts";
import { Scope } from "./scope.ts";
import { threadCall } from "./thread-call.ts";

type Values = ReadonlyMap<ContextVar<unknown>, unknown>;

const NONE: Values = new Map();

/** The values of one or more tasks. Copies share their map until one of them changes. */
export class Context {
  values: Values;

  constructor(values: Values = NONE) {
    this.values = values;
  }

  copy(): Context {
    return new Context(this.values);
  }
}

/** What `set` gives back, for `reset`. Good for once. */
export interface Token {
  readonly variable: ContextVar<unknown>;
}

class SetToken implements Token {
  readonly variable: ContextVar<unknown>;
  readonly context: Context;
  readonly had: boolean;
  readonly old: unknown;
  used = false;

  constructor(variable: ContextVar<unknown>, context: Context) {
    this.variable = variable;
    this.context = context;
    this.had = context.values.has(variable);
    this.old = context.values.get(variable);
  }
}

export class ContextVar<T> {
  readonly name: string;

  constructor(name: string) {
    if (typeof name !== "string") throw new TypeError("A ContextVar needs a name (a string).");
    this.name = name;
  }

  /** Undefined where it was never set, and outside a run. In a thread of `toThread`: what the waiting task has. */
  get(): T | undefined {
    const values = currentScopeOrNone()?.context.values;
    const value = values?.get(this);
    if (value !== undefined || values?.has(this) === true) return value as T | undefined;
    return threadCall()?.values.get(this.name) as T | undefined;
  }

  /** @throws NoCurrentTaskError outside a run */
  set(value: T): Token {
    const { context } = currentScope(`ContextVar ${this.name}.set()`);
    const token = new SetToken(this, context);
    context.values = new Map(context.values).set(this, value);
    return token;
  }

  /** Back to what it was before the `set` that gave the token. @throws UsageError for a used or foreign token */
  reset(token: Token): void {
    if (!(token instanceof SetToken))
      throw new TypeError(`ContextVar ${this.name}.reset() needs the token of a set().`);
    if (token.variable !== this) {
      throw new UsageError(`The token is of ContextVar ${token.variable.name}, not of ${this.name}.`);
    }
    if (token.used)
      throw new UsageError(`The token of ContextVar ${this.name} was used before. Each is good for once.`);
    if (token.context !== currentScope(`ContextVar ${this.name}.reset()`).context) {
      throw new UsageError(`The token of ContextVar ${this.name} was made in another context.`);
    }
    token.used = true;
    const values = new Map(token.context.values);
    if (token.had) values.set(token.variable, token.old);
    else values.delete(token.variable);
    token.context.values = values;
  }

  /** Calls `fn`, and all that follows from it, with the value; the caller's own stays. */
  run<R>(value: T, fn: () => R): R {
    const outer = currentScope(`ContextVar ${this.name}.run()`);
    const context = new Context(new Map(outer.context.values).set(this, value));
    const scope = new Scope("context", outer.runner, outer, outer.task, context);
    let result: R;
    try {
      result = enterScope(scope, fn);
    } catch (error) {
      scope.close();
      throw error;
    }
    if (result instanceof Promise) {
      const close = (): void => scope.close();
      result.then(close, close);
    } else scope.close();
    return result;
  }
}

/** A copy of the current context, for `createTask(fn, { context })`. @throws NoCurrentTaskError outside a run */
export function copyContext(): Context {
  return currentScope("copyContext()").context.copy();
}
