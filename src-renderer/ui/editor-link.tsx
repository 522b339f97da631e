/** Opens a place in code in the editor of one's choice; where the file cannot be told, and in Node's own code, it is only said. */
import { ExternalLink } from "lucide-react";
import { useSyncExternalStore, type ReactElement } from "react";
import type { Frame } from "../../src-main/api/api.ts";
import { editorAddress, isAbsolute, type EditorStore } from "../state/editor.ts";

/** The address of a frame's place; undefined where no editor could find it. */
function useEditorAddress(editor: EditorStore, frame: Frame | undefined): string | undefined {
  const template = useSyncExternalStore(editor.subscribe, editor.get);
  if (frame?.path === undefined || frame.origin === "node" || !isAbsolute(frame.path)) return undefined;
  return editorAddress(template, { path: frame.path, line: frame.line, column: frame.column });
}

/** A place, which is the way to it. */
export function EditorLink(props: {
  readonly editor: EditorStore;
  readonly frame: Frame;
  /** The place. */
  readonly children: string;
}): ReactElement {
  const { editor, frame, children } = props;
  const address = useEditorAddress(editor, frame);
  if (address === undefined) return <span className="quiet">{children}</span>;
  return (
    <a href={address} title={`Open ${frame.path ?? ""} in the editor`}>
      {children}
    </a>
  );
}

/** The one place that a panel is about. */
export function EditorButton(props: {
  readonly editor: EditorStore;
  readonly frame: Frame | undefined;
}): ReactElement | undefined {
  const { editor, frame } = props;
  const address = useEditorAddress(editor, frame);
  if (address === undefined) return undefined;
  return (
    <a
      className="button"
      data-kind="edged"
      href={address}
      aria-label="Open in editor"
      title={`Open ${frame?.path ?? ""} in the editor`}
    >
      <ExternalLink size={13} aria-hidden="true" />
      Open
    </a>
  );
}
