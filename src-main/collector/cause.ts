/** Which class of cause a stall has, from its evidence. Pure. A wrong class is worse than `unknown`. */
import type { Cause, Site, StallEvidence } from "../api/api.ts";
import type { TimedStack } from "./blame.ts";

const COMPUTING_RATIO = 0.7;

export interface StallFacts {
  readonly durMs: number;
  readonly evidence: StallEvidence;
  /** The profile's stacks where there is one, else those captured. */
  readonly stacks: readonly TimedStack[];
  readonly blame: Site | undefined;
}

/** Own code only where the thread was seen computing in it; everything else cannot be told. */
export function causeOf({ evidence, blame }: StallFacts): Cause {
  const { cpuRatio } = evidence;
  return blame !== undefined && cpuRatio !== undefined && cpuRatio >= COMPUTING_RATIO ? "own-code" : "unknown";
}
