/**
 * What is selected in the open recording, with the way back: a new selection ends what lay ahead, as in a browser.
 * Clearing is no step of the way, so that Escape and then `[` leads to what was cleared.
 */
import type { Selection } from "../../src-main/api/api.ts";
import { createStore, type Readable } from "./store.ts";

export interface SelectionStore extends Readable<Selection | undefined> {
  set(next: Selection | undefined): void;
  back(): void;
  forward(): void;
}

const LONGEST_WAY = 100;

export function createSelectionStore(): SelectionStore {
  const current = createStore<Selection | undefined>(undefined);
  let way: readonly Selection[] = [];
  let place = -1;
  const goTo = (to: number): void => {
    const selection = way[to];
    if (selection === undefined) return;
    place = to;
    current.set(selection);
  };
  return {
    get: current.get,
    subscribe: current.subscribe,
    set(next) {
      if (next !== undefined && !isSame(next, way[place])) {
        way = [...way.slice(0, place + 1), next].slice(-LONGEST_WAY);
        place = way.length - 1;
      }
      if (!isSame(next, current.get())) current.set(next);
    },
    back: () => goTo(current.get() === undefined ? place : place - 1),
    forward: () => goTo(place + 1),
  };
}

export function isSame(a: Selection | undefined, b: Selection | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.kind === b.kind && a.id === b.id);
}
