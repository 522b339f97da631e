/** The clock over Node's real timers. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { createClock } from "../../../../src-runtime/task/clock.ts";

test("an instant that is over wakes at once, and Node does not warn of a negative time on the program's stderr", async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning.name);
  process.on("warning", onWarning);
  // The timers of a runner keep no process alive; this one does until it has woken.
  const alive = setInterval(() => {}, 1000);
  const clock = createClock(() => 100);
  await new Promise<void>((resolve) => clock.schedule(93, resolve));
  process.emitWarning("last", "LastWarning");
  await once(process, "warning");
  clearInterval(alive);
  process.off("warning", onWarning);
  expect(warnings).toEqual(["LastWarning"]);
});
