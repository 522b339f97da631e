/** The card beside the pointer: name, kind, times, outcome. It never takes the pointer or the focus. */
import { element } from "./dom.ts";
import type { Words } from "./words.ts";

export interface HoverCard {
  readonly root: HTMLElement;
  /** At a place in the timeline's own box, kept inside it; undefined hides it. */
  show(words: Words | undefined, x?: number, y?: number): void;
}

const AWAY = 14;

export function createHoverCard(): HoverCard {
  const root = element("div", "timeline-card", { role: "presentation" });
  root.hidden = true;
  let shown = "";
  return {
    root,
    show(words, x = 0, y = 0) {
      root.hidden = words === undefined;
      if (words === undefined) return;
      const text = [words.name, ...words.lines].join("\n");
      if (text !== shown) {
        shown = text;
        const name = element("strong", "");
        name.textContent = words.name;
        const lines = words.lines.map((line) => {
          const drawn = element("div", "");
          drawn.textContent = line;
          return drawn;
        });
        root.replaceChildren(name, ...lines);
      }
      const box = root.offsetParent;
      const wide = box?.clientWidth ?? 0;
      const high = box?.clientHeight ?? 0;
      const left = x + AWAY + root.offsetWidth > wide ? x - AWAY - root.offsetWidth : x + AWAY;
      const top = y + AWAY + root.offsetHeight > high ? y - AWAY - root.offsetHeight : y + AWAY;
      root.style.left = `${Math.max(0, left)}px`;
      root.style.top = `${Math.max(0, top)}px`;
    },
  };
}
