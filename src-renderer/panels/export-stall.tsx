/** Saves a stall's stacks as a `.cpuprofile`, which the browser's own tools, VS Code and speedscope open. */
import { useState, type ReactElement } from "react";
import type { RecordingApi } from "../../src-main/api/api.ts";
import { toApiError } from "../client.ts";
import { Button } from "../ui/button.tsx";

export function ExportStall(props: {
  readonly api: Pick<RecordingApi, "exportStall">;
  readonly recording: string;
  readonly stall: number;
}): ReactElement {
  const { api, recording, stall } = props;
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string>();
  const save = (): void => {
    setBusy(true);
    setRefused(undefined);
    api
      .exportStall(recording, stall)
      .then(
        (text) => download(`${recording}-stall-${stall}.cpuprofile`, text),
        (reason: unknown) => setRefused(toApiError(reason).message),
      )
      .finally(() => setBusy(false));
  };
  return (
    <>
      <Button kind="edged" disabled={isBusy} hint="Opens in Chrome DevTools, VS Code and speedscope" onPress={save}>
        Export .cpuprofile
      </Button>
      <span className="export-refused" role="status">
        {refused}
      </span>
    </>
  );
}

function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replaceAll(/[^\w.-]+/g, "-");
  link.click();
  // The browser has taken hold of it by the end of this turn.
  setTimeout(() => URL.revokeObjectURL(address));
}
