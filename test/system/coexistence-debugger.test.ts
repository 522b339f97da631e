/** Somebody debugs the program while it is recorded: the time it stands at a breakpoint is nobody's work. */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { FIXTURES } from "./coexistence.ts";
import { createHome, recordProgram, runStalls } from "./stallscope.ts";

const home = createHome();
afterAll(home.dispose);

const PAUSE_MS = 450;

/** Attaches, lets the program come to its `debugger` statement, and lets it go on after the pause. */
function debugProgram(url: string): void {
  const socket = new WebSocket(url);
  let id = 0;
  const post = (method: string, params: object = {}): void => socket.send(JSON.stringify({ id: ++id, method, params }));
  socket.on("open", () => {
    post("Debugger.enable");
    post("Runtime.evaluate", { expression: "globalThis.isWatched = true" });
  });
  socket.on("message", (data: Buffer) => {
    const { method } = JSON.parse(data.toString()) as { readonly method?: string };
    if (method === "Debugger.paused") setTimeout(() => post("Debugger.resume"), PAUSE_MS);
    if (method === "Debugger.resumed") socket.close();
  });
}

test("a pause at a breakpoint is a stall that no code is the cause of", async () => {
  let isAttached = false;
  const { code, stdout, report } = await recordProgram(
    home.path,
    ["--", process.execPath, "--inspect=0", join(FIXTURES, "paused.mjs")],
    {
      onOutput(_child, _stdout, stderr) {
        const [url] = /ws:\/\/\S+(?=\s)/.exec(stderr) ?? [];
        if (url === undefined || isAttached) return;
        isAttached = true;
        debugProgram(url);
      },
    },
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "paused\n" });
  expect(report.recording.state).toBe("closed");
  const [stall] = runStalls(report);
  expect(stall?.durationMs).toBeGreaterThanOrEqual(400);
  // The place is told, but nothing is said against it: the thread did not compute, and waited in no call of its own.
  expect(stall).toMatchObject({ cause: "unknown", blame: { function: "stopHere" }, capturedDuring: true });
  expect(stall?.evidence.cpuRatio).toBeLessThan(0.4);
});
