/** The top line: the mark, where one is, and the theme. */
import { Contrast } from "lucide-react";
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
        <Contrast size={14} aria-hidden="true" />
      </Button>
    </header>
  );
}
