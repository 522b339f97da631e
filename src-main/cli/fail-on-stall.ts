/** `--fail-on-stall`: whether own code held the event loop too long, and which stall says so. */
import { formatMs } from "../api/format.ts";
import type { ReportStall } from "../queries/report-stalls.ts";
import type { Report } from "../queries/report.ts";
import { aroundText, causeText, knownMs, lengthText, siteText, worstFirst } from "./stall-text.ts";

/** What the command line exits with. */
export const STALLED = 3;

/** A sentence on the worst stall of own code that lasted so long. Undefined: there was none. */
export function stallOver(report: Report, limitMs: number): string | undefined {
  const over = worstFirst(report.stalls.filter((stall) => isOwn(stall) && knownMs(stall) >= limitMs));
  const [worst] = over;
  if (worst === undefined) return undefined;
  const around = aroundText(worst);
  const more = over.length === 1 ? "" : `, and ${over.length - 1} more as long`;
  return `${siteText(worst.blame)}${around === "" ? "" : ` in ${around}`} held the event loop for ${lengthText(worst)}, ${formatMs(limitMs)} are allowed (${causeText(worst)})${more}. Look at it: stallscope serve ${report.recording.path}`;
}

/** A stall that nobody saw the end of has no cause yet: what was seen of it is the code it stood in. */
function isOwn({ phase, cause, durationMs, blame }: ReportStall): boolean {
  if (phase !== "run") return false;
  return cause === "own-code" || (durationMs === null && cause === "unknown" && blame !== null);
}
