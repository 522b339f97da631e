/** Awaits that take long while nothing runs. */
import { setTimeout as wait } from "node:timers/promises";
import { openTruth } from "../truth.mjs";

openTruth("controls/long-awaits.mjs");
await Promise.all([wait(1200), wait(600), new Promise((resolve) => setTimeout(resolve, 900))]);
await wait(300);
