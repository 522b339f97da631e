/** Home, the first time. */
import type { ReactElement } from "react";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";

export function NoRecordings(props: { readonly isStarting: boolean; readonly onRunDemo: () => void }): ReactElement {
  return (
    <div className="home-first">
      <Notice
        title="No recordings yet"
        actions={
          <Button kind="primary" disabled={props.isStarting} onPress={props.onRunDemo}>
            {props.isStarting ? "Starting the example agent" : "Run the example agent"}
          </Button>
        }
      >
        <p>Run an agent and it is recorded here. No code change; nothing leaves this machine.</p>
      </Notice>
      <p className="command">stallscope run agent.ts</p>
    </div>
  );
}
