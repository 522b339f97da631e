/** In the sentence's place while the host does not answer: what is on screen is from before. */
import type { ReactElement } from "react";
import type { Client, Connection } from "../client.ts";
import { useTick } from "../state/use-tick.ts";
import { Button } from "../ui/button.tsx";
import { formatSeconds } from "../../src-main/api/format.ts";

export function LostBar(props: {
  readonly client: Client;
  readonly connection: Connection & { readonly state: "lost" };
}): ReactElement {
  const now = useTick(250);
  const { since, retryAt } = props.connection;
  const inSeconds = Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <section className="sentence-bar" data-tone="lost" aria-label="Status">
      <p className="sentence">
        <strong>Disconnected from Stallscope</strong> for {formatSeconds(Math.max(0, now - since) * 1e6)}. What is shown
        is from before.
        <span className="quiet sentence-aside">
          {inSeconds > 0 ? `Trying again in ${inSeconds} s.` : "Trying again."} If it stays, start{" "}
          <code>stallscope serve</code> again.
        </span>
      </p>
      <p className="unseen" role="alert">
        Disconnected from Stallscope. What is shown is from before.
      </p>
      <span className="spring" />
      <Button kind="edged" onPress={props.client.retry}>
        Try now
      </Button>
    </section>
  );
}
