/**
 * The flame graph as a picture that keyboard and pointer walk: one stop of the Tab key, arrows inside, Enter into a
 * frame and Escape back. What it shows is also a table, for whoever does not see it.
 */
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
} from "react";
import { rectAt, walk, type FlameRect, type Step } from "./flame-layout.ts";
import { FLAME_ROW, FORCED_PALETTE, flamePalette, paintFlame, type FlamePalette } from "./flame-paint.ts";
import { spokenFrame } from "./flame-words.ts";
import type { FlameState } from "./use-flame.ts";
import type { FlameTree } from "./flame-tree.ts";

/** In sight at once; what is deeper is scrolled to. */
export const MOST_ROWS = 16;

const STEPS: Readonly<Record<string, Step>> = {
  ArrowDown: "in",
  ArrowUp: "out",
  ArrowLeft: "left",
  ArrowRight: "right",
  Home: "first",
  End: "last",
};

export function FlameCanvas(props: {
  readonly tree: FlameTree;
  readonly state: FlameState;
  readonly hovered: FlameRect | undefined;
  readonly onHover: (rect: FlameRect | undefined) => void;
  readonly onWidth: (width: number) => void;
  /** `E`: open what is selected in the editor. */
  readonly onOpen: () => void;
}): ReactElement {
  const { tree, state, hovered, onHover, onWidth, onOpen } = props;
  const { rows, selected, mode } = state;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [hasFocus, setFocus] = useState(false);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [scrollTop, setScrollTop] = useState(0);
  const looks = useLooks();

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
      onWidth(element.clientWidth);
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    measure();
    return () => sizes.disconnect();
  }, [onWidth]);

  useLayoutEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (element === null || pen === null || pen === undefined || size.width === 0) return;
    const scale = window.devicePixelRatio || 1;
    element.width = Math.max(1, Math.round(size.width * scale));
    element.height = Math.max(1, Math.round(size.height * scale));
    element.style.width = `${size.width}px`;
    element.style.height = `${size.height}px`;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    paintFlame(pen, { rows, ...size, scrollTop, isTime: mode === "time", selected, hovered, hasFocus }, looks);
  }, [rows, size, scrollTop, mode, selected, hovered, hasFocus, looks]);

  // What is blamed, then what is selected, is in sight.
  const shown = selected?.depth ?? blamedDepth(rows);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || shown === undefined) return;
    const top = shown * FLAME_ROW;
    if (top >= element.scrollTop && top + 2 * FLAME_ROW <= element.scrollTop + element.clientHeight) return;
    element.scrollTop = top - Math.floor(element.clientHeight / 2 / FLAME_ROW) * FLAME_ROW;
  }, [shown, mode, size.height]);

  const rectUnder = (event: MouseEvent<HTMLElement>): FlameRect | undefined => {
    const bounds = event.currentTarget.getBoundingClientRect();
    const y = event.clientY - bounds.top + event.currentTarget.scrollTop;
    return rectAt(rows, Math.floor(y / FLAME_ROW), (event.clientX - bounds.left) / Math.max(1, size.width));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (answer(event.key, event.shiftKey)) event.preventDefault();
  };
  const answer = (key: string, isShifted: boolean): boolean => {
    if (isShifted) return false;
    const step = STEPS[key];
    if (step !== undefined) {
      state.select(selected === undefined ? firstStop(rows) : (walk(rows, selected, step) ?? selected));
      return true;
    }
    if (key === "Enter" && selected !== undefined) state.zoomIn(selected);
    else if (key === "e" || key === "E") onOpen();
    else if (key === "Escape") {
      if (state.zoomOut()) return true;
      if (selected === undefined) return false;
      state.select(undefined);
    } else return false;
    return true;
  };
  return (
    <div
      ref={box}
      className="flame"
      style={{ maxHeight: MOST_ROWS * FLAME_ROW }}
      tabIndex={0}
      role="group"
      aria-roledescription="flame graph"
      aria-label="Flame graph. Down goes to the heaviest callee, up to the caller, left and right along the row, Enter zooms in, Escape back. The table shows the same."
      onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
      onFocus={() => setFocus(true)}
      onBlur={() => setFocus(false)}
      onKeyDown={press}
      onMouseMove={(event) => onHover(rectUnder(event))}
      onMouseLeave={() => onHover(undefined)}
      onClick={(event) => state.select(rectUnder(event))}
      onDoubleClick={(event) => {
        const rect = rectUnder(event);
        if (rect !== undefined) state.zoomIn(rect);
      }}
    >
      <div className="flame-rows" style={{ height: rows.length * FLAME_ROW }}>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <span className="unseen" role="status">
        {hasFocus && selected !== undefined ? spokenFrame(selected, tree) : ""}
      </span>
    </div>
  );
}

function firstStop(rows: FlameState["rows"]): FlameRect | undefined {
  return blamedRect(rows) ?? rows[0]?.[0];
}

function blamedRect(rows: FlameState["rows"]): FlameRect | undefined {
  for (const row of rows) {
    const found = row.find(({ node, count }) => node.isBlamed && count === 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function blamedDepth(rows: FlameState["rows"]): number | undefined {
  return blamedRect(rows)?.depth;
}

/** The tokens as they are now, read again when the theme or the system's colours change. */
function useLooks(): FlamePalette {
  const [looks, setLooks] = useState(readLooks);
  useEffect(() => {
    const read = (): void => setLooks(readLooks());
    const themes = new MutationObserver(read);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const forced = window.matchMedia("(forced-colors: active)");
    forced.addEventListener("change", read);
    read();
    return () => {
      themes.disconnect();
      forced.removeEventListener("change", read);
    };
  }, []);
  return looks;
}

function readLooks(): FlamePalette {
  const styles = getComputedStyle(document.documentElement);
  const palette = flamePalette((name) => styles.getPropertyValue(name));
  return window.matchMedia("(forced-colors: active)").matches ? { ...palette, ...FORCED_PALETTE } : palette;
}
