/** Which editor opens a place in code: one of those known, or any that answers an address of its own. */
import { useState, useSyncExternalStore, type ReactElement } from "react";
import { EDITORS, type EditorStore } from "../state/editor.ts";

const OTHER = "other";

export function EditorChoice(props: { readonly editor: EditorStore }): ReactElement {
  const { editor } = props;
  const template = useSyncExternalStore(editor.subscribe, editor.get);
  const known = EDITORS.find((one) => one.template === template);
  const [isOther, setOther] = useState(known === undefined);
  const [typed, setTyped] = useState(template);
  const [wrong, setWrong] = useState<string>();
  const choose = (name: string): void => {
    const chosen = EDITORS.find((one) => one.name === name);
    setOther(chosen === undefined);
    setWrong(undefined);
    if (chosen === undefined) return;
    setTyped(chosen.template);
    editor.choose(chosen.template);
  };
  return (
    <div className="editor-choice">
      <label>
        <span className="quiet">Frames open in</span>{" "}
        <select value={isOther ? OTHER : known?.name} onChange={(event) => choose(event.currentTarget.value)}>
          {EDITORS.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
          <option value={OTHER}>another editor</option>
        </select>
      </label>
      {isOther && (
        <label className="editor-address">
          <span className="unseen">The editor's address</span>
          <span className="field">
            <input
              value={typed}
              spellCheck={false}
              aria-invalid={wrong !== undefined}
              onChange={(event) => {
                setTyped(event.currentTarget.value);
                setWrong(editor.choose(event.currentTarget.value));
              }}
            />
          </span>
          <span className="quiet" role="status">
            {wrong ?? "{path}, {line} and {column} are filled in."}
          </span>
        </label>
      )}
    </div>
  );
}
