/** Runs shell commands synchronously in a tool. */
import { execFileSync, execSync, spawnSync } from "node:child_process";
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/exec-sync.mjs");

function runShell(command) {
  return execSync(command, { stdio: "ignore" });
}
function runGitLike(seconds) {
  return execFileSync("sleep", [seconds]);
}
function runTool(code) {
  return spawnSync("sh", ["-c", code]).status;
}

await truth.pause(150);
truth.stall("shell", { function: "runShell", cause: "sync-io" }, () => runShell("sleep 0.4"));
await truth.pause();
truth.stall("file", { function: "runGitLike", cause: "sync-io" }, () => runGitLike("0.1"));
await truth.pause();
truth.stall("spawn", { function: "runTool", cause: "sync-io" }, () =>
  runTool("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"),
);
await truth.pause();
