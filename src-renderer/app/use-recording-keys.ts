/**
 * The keys of the recording page that hold wherever the focus is, as long as it is in no field: stalls, the way of the
 * selection, fit, follow, filter. What the timeline already answered (it prevents the default) is left alone.
 */
import { useEffect, useRef } from "react";

export interface RecordingKeys {
  readonly nextStall: () => void;
  readonly previousStall: () => void;
  readonly back: () => void;
  readonly forward: () => void;
  readonly fitSelection: () => void;
  readonly fitAll: () => void;
  readonly follow: () => void;
  readonly filter: () => void;
  readonly clear: () => void;
}

export function useRecordingKeys(keys: RecordingKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isInField(event.target)) return;
      const act = actionOf(event.key, latest.current);
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

function actionOf(key: string, keys: RecordingKeys): (() => void) | undefined {
  switch (key) {
    case "n":
      return keys.nextStall;
    case "N":
      return keys.previousStall;
    case "[":
      return keys.back;
    case "]":
      return keys.forward;
    case "f":
      return keys.fitSelection;
    case "0":
      return keys.fitAll;
    case "l":
      return keys.follow;
    case "/":
      return keys.filter;
    case "Escape":
      return keys.clear;
    default:
      return undefined;
  }
}

function isInField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target instanceof HTMLInputElement || target.closest("[role=dialog]") !== null;
}
