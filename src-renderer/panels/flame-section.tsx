/** The stacks of exactly one stall: as a flame graph by weight or in time, or as a table; and one frame in full under it. */
import { useCallback, useEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { Toolbar as Buttons } from "react-aria-components";
import type { Flame, Site, StallRow } from "../../src-main/api/api.ts";
import type { EditorStore } from "../state/editor.ts";
import { Button } from "../ui/button.tsx";
import { EditorLink } from "../ui/editor-link.tsx";
import { FlameCanvas, MOST_ROWS } from "./flame-canvas.tsx";
import type { FlameRect } from "./flame-layout.ts";
import { flameName, flamePlace } from "./flame-paint.ts";
import { FlameTable } from "./flame-table.tsx";
import { blamedNode, flameTree, type FlameNode, type FlameTree } from "./flame-tree.ts";
import { narrowWords, ORIGIN_WORDS, sourceWords, timeWords } from "./flame-words.ts";
import { Section } from "./section.tsx";
import { useFlame, type FlameMode } from "./use-flame.ts";

/** Pixels: what is narrower is drawn with its neighbours. */
const LEAST_FRAME = 2;
const MODES: readonly { readonly mode: FlameMode; readonly name: string; readonly key: string }[] = [
  { mode: "time", name: "In time", key: "1" },
  { mode: "heaviest", name: "Heavy", key: "2" },
  { mode: "table", name: "Table", key: "3" },
];

export function FlameSection(props: {
  readonly flame: Flame;
  readonly stall: StallRow;
  /** The event loop is blocked, and more stacks come. */
  readonly isGrowing: boolean;
  readonly editor: EditorStore;
}): ReactElement {
  const { flame, stall, isGrowing, editor } = props;
  const [width, setWidth] = useState(360);
  const [hovered, setHovered] = useState<FlameRect>();
  const readout = useRef<HTMLDivElement>(null);
  const tree = useTree(flame, stall.blame);
  const state = useFlame(tree, windowOf(stall, flame), LEAST_FRAME / Math.max(1, width));
  const { mode, setMode, selected, zoomed } = state;
  useModeKeys(setMode);
  const open = useCallback(() => readout.current?.querySelector("a")?.click(), []);
  return (
    <Section
      title={isGrowing ? "Stack so far" : "Stack during the stall"}
      aside={
        <Buttons className="flame-modes" aria-label="How the stacks are shown">
          {MODES.map(({ mode: choice, name, key }) => (
            <Button key={choice} pressed={mode === choice} hint={`${name} (${key})`} onPress={() => setMode(choice)}>
              {name} <kbd className="key">{key}</kbd>
            </Button>
          ))}
        </Buttons>
      }
    >
      {mode === "table" ? (
        <FlameTable tree={tree} editor={editor} />
      ) : (
        <>
          <FlameCanvas
            tree={tree}
            state={state}
            hovered={hovered}
            onHover={setHovered}
            onWidth={setWidth}
            onOpen={open}
          />
          <div ref={readout}>
            <Readout tree={tree} rect={hovered ?? selected} editor={editor} />
          </div>
        </>
      )}
      <p className="flame-source">
        {sourceWords(flame)}
        {mode !== "table" && tree.depth > MOST_ROWS && `, ${tree.depth} rows deep`}
        {zoomed !== undefined && mode !== "table" && `, zoomed into ${flameName(zoomed.frame)}: Esc leads back`}
        {isGrowing && ", and more while it lasts"}
      </p>
    </Section>
  );
}

function Readout(props: {
  readonly tree: FlameTree;
  readonly rect: FlameRect | undefined;
  readonly editor: EditorStore;
}): ReactElement {
  const { tree, rect, editor } = props;
  if (rect !== undefined && rect.count > 1) {
    return <p className="flame-readout">{narrowWords(rect, tree.total)}. Zoom into their caller to see them.</p>;
  }
  const node: FlameNode | undefined = rect?.node ?? blamedNode(tree) ?? tree.roots[0];
  if (node === undefined) return <p className="flame-readout">Every stack seen was empty.</p>;
  const { frame, isBlamed } = node;
  return (
    <div className="flame-readout" data-blamed={isBlamed ? "" : undefined}>
      <p className="flame-readout-name">
        <code className="site-function">{flameName(frame)}</code>{" "}
        <EditorLink editor={editor} frame={frame}>
          {flamePlace(frame)}
        </EditorLink>
      </p>
      <p className="flame-readout-times">
        <span className="quiet">self</span> {timeWords(node.self, tree.total)}
        <span className="quiet flame-readout-total">total</span> {timeWords(node.total, tree.total)}
        <span className="quiet flame-readout-total">{isBlamed ? "blamed" : ORIGIN_WORDS[frame.origin]}</span>
      </p>
    </div>
  );
}

/** By value: a new answer about the same stall brings a flame that is equal more often than not. */
function useTree(flame: Flame, blame: Site | undefined): FlameTree {
  return useMemo(() => flameTree(flame, blame), [flame, blame]);
}

function windowOf(stall: StallRow, flame: Flame): { readonly from: number; readonly to: number } {
  const last = flame.runs.reduce((most, [, start, dur]) => Math.max(most, start + dur), stall.start);
  return { from: stall.start, to: stall.dur === undefined ? Math.max(last, stall.seen ?? 0) : stall.start + stall.dur };
}

function useModeKeys(setMode: (mode: FlameMode) => void): void {
  const latest = useRef(setMode);
  useEffect(() => {
    latest.current = setMode;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input, select, [role=dialog]") !== null) return;
      const chosen = MODES.find(({ key }) => key === event.key);
      if (chosen === undefined) return;
      event.preventDefault();
      latest.current(chosen.mode);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
