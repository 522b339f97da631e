/** A stack, innermost first, a frame a row: own code, dependency and Node's own told apart by shape, the blamed filled. */
import type { ReactElement } from "react";
import type { Frame, Site } from "../../src-main/api/api.ts";
import { formatDuration } from "../../src-main/api/format.ts";
import type { EditorStore } from "../state/editor.ts";
import { EditorLink } from "../ui/editor-link.tsx";
import { functionName, placeOf, shortPlaceOf } from "../ui/site-text.tsx";

const ORIGINS: Readonly<Record<Frame["origin"], string>> = {
  own: "own code",
  dependency: "dependency",
  node: "Node and native",
};

export function StackList(props: {
  readonly frames: readonly Frame[];
  readonly blame?: Site | undefined;
  /** With it, frames whose file is known lead there. */
  readonly editor?: EditorStore;
}): ReactElement {
  const { frames, blame, editor } = props;
  const blamed = blame === undefined ? -1 : frames.findIndex((frame) => isSameSite(frame, blame));
  return (
    <ol className="frames">
      {frames.map((frame, place) => (
        <li
          // The same function stands in a stack as often as it recurs.
          key={`${place} ${frame.function}`}
          className="stack-frame"
          data-origin={frame.origin}
          data-blamed={place === blamed ? "" : undefined}
          title={`${ORIGINS[frame.origin]} · ${frame.path ?? placeOf(frame)}`}
        >
          <code className="code">{functionName(frame)}</code>
          <span className="stack-frame-place">
            {frame.package !== undefined && `${frame.package} `}
            {editor === undefined || place === blamed ? (
              shortPlaceOf(frame)
            ) : (
              <EditorLink editor={editor} frame={frame}>
                {shortPlaceOf(frame)}
              </EditorLink>
            )}
          </span>
          {frame.selfMs > 0 && <span className="stack-frame-time">{formatDuration(frame.selfMs * 1e6)}</span>}
        </li>
      ))}
    </ol>
  );
}

export function isSameSite(a: Site, b: Site): boolean {
  return a.function === b.function && a.file === b.file && a.line === b.line;
}
