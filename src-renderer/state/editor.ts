/**
 * How a place in code is opened in an editor: an address that the editor listens to, with the place filled in. The
 * choice is remembered by the browser, since it is of the person and not of the recording.
 */
import { createStore, type Readable } from "./store.ts";

export interface EditorStore extends Readable<string> {
  /** Refused, and answered with why, if it can't be an editor's address. */
  choose(template: string): string | undefined;
}

export const EDITORS: readonly { readonly name: string; readonly template: string }[] = [
  { name: "VS Code", template: "vscode://file/{path}:{line}:{column}" },
  { name: "Cursor", template: "cursor://file/{path}:{line}:{column}" },
  { name: "Windsurf", template: "windsurf://file/{path}:{line}:{column}" },
  { name: "Zed", template: "zed://file/{path}:{line}:{column}" },
  { name: "WebStorm", template: "webstorm://open?file={path}&line={line}&column={column}" },
];

const KEY = "stallscope.editor";
const DEFAULT = "vscode://file/{path}:{line}:{column}";
/** Addresses a browser answers itself: they would run or load what the path says. */
const BROWSERS_OWN = /^(?:javascript|data|blob|vbscript|about|view-source|filesystem):/i;

export function createEditorStore(storage: Storage): EditorStore {
  const kept = storage.getItem(KEY);
  const store = createStore(kept !== null && whyNot(kept) === undefined ? kept : DEFAULT);
  return {
    get: store.get,
    subscribe: store.subscribe,
    choose(template) {
      const wrong = whyNot(template);
      if (wrong !== undefined) return wrong;
      storage.setItem(KEY, template);
      store.set(template);
      return undefined;
    },
  };
}

export function whyNot(template: string): string | undefined {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(template) || BROWSERS_OWN.test(template)) {
    return "Begin with the editor's own scheme, as in vscode://.";
  }
  return template.includes("{path}") ? undefined : "Say with {path} where the file's path goes.";
}

export interface Place {
  /** Absolute. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

/** A slash right before `{path}` stands for the path's own first; after a `?` the path is one value of the query. */
export function editorAddress(template: string, { path, line, column }: Place): string {
  const inAddress = path.replaceAll("\\", "/");
  const at = template.indexOf("{path}");
  const isQuery = template.slice(0, at).includes("?");
  const encoded = isQuery ? encodeURIComponent(inAddress) : inAddress.split("/").map(encodeURIComponent).join("/");
  const readable = encoded.replaceAll("%3A", ":");
  const filled = !isQuery && template[at - 1] === "/" ? readable.replace(/^\//, "") : readable;
  return template
    .replace("{path}", () => filled)
    .replace("{line}", String(Math.max(1, line)))
    .replace("{column}", String(Math.max(1, column)));
}

/** Whether a path names a file from the root on: others an editor could not find. */
export function isAbsolute(path: string): boolean {
  return /^(?:\/|[a-z]:[\\/]|\\\\)/i.test(path);
}
