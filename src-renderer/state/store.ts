/**
 * The smallest observable value: everything the window knows is a few of these. A value is replaced, never changed, so
 * that React and the canvas can tell by identity whether anything happened.
 */
import { useSyncExternalStore } from "react";

export interface Readable<T> {
  get(): T;
  /** Answers the function that ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export interface Store<T> extends Readable<T> {
  set(next: T): void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of Array.from(listeners)) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
