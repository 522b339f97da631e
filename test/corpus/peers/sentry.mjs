/**
 * Sentry's native event-loop-block integration, preloaded with `--import` as its README says, with the transport of its
 * watchdog thread pointed at a server of the benchmark on this machine (PEER_TUNNEL). It reports while the block lasts
 * and says no duration. Nothing but this integration is on.
 */
import { init } from "@sentry/node";
import { eventLoopBlockIntegration } from "@sentry/node-native";

if (process.env["PEER_TUNNEL"] !== undefined) {
  init({
    dsn: "http://key@127.0.0.1/1",
    tunnel: process.env["PEER_TUNNEL"],
    defaultIntegrations: false,
    integrations: [
      eventLoopBlockIntegration({
        threshold: Number(process.env["PEER_THRESHOLD"] ?? 50),
        maxEventsPerHour: 1_000_000,
      }),
    ],
    skipOpenTelemetrySetup: true,
  });
}
