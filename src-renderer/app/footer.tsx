/**
 * The bottom line: what kind of recording this is. Level and the count of dropped events are never hidden; what the
 * recorder could not see is said with the count.
 */
import { useSyncExternalStore, type ReactElement } from "react";
import type { Overview } from "../../src-main/api/api.ts";
import type { Connection } from "../client.ts";
import { useTick } from "../state/use-tick.ts";
import type { ViewportStore } from "../state/viewport.ts";
import { formatCount, formatInstant, formatSeconds } from "../../src-main/api/format.ts";

export interface FooterProps {
  readonly overview: Overview;
  readonly connection: Connection;
  readonly viewport: ViewportStore;
  readonly now: () => number;
}

export function Footer(props: FooterProps): ReactElement {
  const { overview, connection, viewport, now } = props;
  const { recording, threads } = overview;
  const isLive = recording.state === "live";
  const isLost = connection.state !== "open";
  useTick(isLive && !isLost ? 1000 : undefined);
  const main = threads[0];
  const others = new Set(threads.map(({ pid }) => pid)).size - 1;
  return (
    <footer className="footer">
      <span>
        <strong>{isLost ? "disconnected" : recording.state}</strong> ·{" "}
        {isLive ? formatSeconds(now()) : formatInstant(recording.durationMs * 1e6)}
      </span>
      <span>
        level <strong>{recording.level}</strong>
      </span>
      <span title={droppedByKind(overview.dropped)}>
        <strong>{formatCount(recording.dropped)}</strong> dropped
      </span>
      {main !== undefined && (
        <span className="footer-wide">
          Node {main.node.replace(/^v/, "")} · {main.platform} · pid {main.pid}
          {others > 0 && ` and ${others} more`}
        </span>
      )}
      <span className="footer-wide">{formatCount(overview.events)} events</span>
      <span className="spring" />
      <WindowText viewport={viewport} />
    </footer>
  );
}

/** Alone, so that panning draws these few letters and not the page. */
function WindowText(props: { readonly viewport: ViewportStore }): ReactElement {
  const { from, to } = useSyncExternalStore(props.viewport.subscribe, props.viewport.get);
  const isFollowing = useSyncExternalStore(props.viewport.subscribe, props.viewport.following);
  return (
    <span>
      {isFollowing && "following · "}
      window {formatInstant(from)} – {formatInstant(to)}
    </span>
  );
}

function droppedByKind(dropped: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(dropped).filter(([, count]) => count > 0);
  if (kinds.length === 0) return "No event was lost";
  return kinds.map(([kind, count]) => `${formatCount(count)} ${kind}`).join(", ");
}
