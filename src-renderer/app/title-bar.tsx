/** The top line: the mark, where one is, and the theme. */
import type { ReactElement, ReactNode } from "react";
import { useStore } from "../state/store.ts";
import type { ThemeStore } from "../state/theme.ts";
import { Button } from "../ui/button.tsx";
import { Ring } from "../ui/ring.tsx";

export function TitleBar(props: { readonly theme: ThemeStore; readonly children?: ReactNode }): ReactElement {
  const theme = useStore(props.theme);
  return (
    <header className="title-bar">
      <Ring state="mark" />
      <a className="title-name" href="#/">
        Stallscope
      </a>
      {props.children !== undefined && (
        <nav className="breadcrumb" aria-label="Where you are">
          {props.children}
        </nav>
      )}
      <span className="spring" />
      <Button
        square
        label={theme === "dark" ? "Use the light theme" : "Use the dark theme"}
        hint={theme === "dark" ? "Light theme" : "Dark theme"}
        onPress={props.theme.toggle}
      >
        <HalfAndHalf />
      </Button>
    </header>
  );
}

function HalfAndHalf(): ReactElement {
  return (
    <svg width="14" height="14" viewBox="0 0 14 14" fill="none" aria-hidden="true">
      <circle cx="7" cy="7" r="5.25" stroke="currentColor" strokeWidth="1.5" />
      <path d="M7 1.75a5.25 5.25 0 0 1 0 10.5z" fill="currentColor" />
    </svg>
  );
}
