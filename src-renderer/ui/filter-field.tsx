/** A field that narrows what is shown. `/` leads into it; Escape empties it, then leaves it. */
import type { ReactElement, ReactNode, RefObject } from "react";

export function FilterField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly inputRef: RefObject<HTMLInputElement | null>;
  readonly children: ReactNode;
}): ReactElement {
  const { label, value, onChange, inputRef, children } = props;
  return (
    <label className="field filter-field">
      {children}
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        value={value}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.preventDefault();
          if (value === "") event.currentTarget.blur();
          else onChange("");
        }}
      />
      <kbd className="key" aria-hidden="true">
        /
      </kbd>
    </label>
  );
}
