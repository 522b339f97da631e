/** Copies what the panel shows, as the host answered it, for an issue or a coding agent. */
import { useEffect, useState, type ReactElement } from "react";
import type { Details } from "../../src-main/api/api.ts";
import { Button } from "../ui/button.tsx";

const SAID_FOR_MS = 2000;

export function CopyJson(props: { readonly details: Details }): ReactElement {
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), SAID_FOR_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    const text = JSON.stringify(props.details, undefined, 2);
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("The browser refused to copy"),
    );
  };
  return (
    <>
      <Button kind="edged" onPress={copy}>
        {said ?? "Copy as JSON"}
      </Button>
      <span className="unseen" role="status">
        {said}
      </span>
    </>
  );
}
