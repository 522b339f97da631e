/** Child processes that compute and sleep, awaited. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openTruth } from "../truth.mjs";

openTruth("controls/child-processes.mjs");
const run = promisify(execFile);
await run("sh", ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"]);
await Promise.all([run("sleep", ["0.5"]), run("sleep", ["0.3"])]);
