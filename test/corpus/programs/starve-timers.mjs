/** Many timers due at the same moment: Node runs them in one phase, each short. */
import { openTruth } from "../truth.mjs";

const truth = openTruth("programs/starve-timers.mjs");

function checkSession(session) {
  let sum = session;
  const end = performance.now() + 2;
  while (performance.now() < end) sum = Math.imul(sum + 1, 31);
  return sum;
}
function expireSessions(count) {
  let first;
  return new Promise((resolve) => {
    for (let session = 0; session < count; session++) {
      setTimeout(() => {
        first ??= truth.now();
        checkSession(session);
        if (session === count - 1) resolve([first, truth.now()]);
      }, 30);
    }
  });
}

await truth.pause(120);
const [start, end] = await expireSessions(100);
truth.add("sessions", { function: "checkSession", cause: "starvation" }, start, end);
await truth.pause();
