/** Needs more than type stripping: run by tsx. Enums, parameter properties, a method that blocks. */
import { openTruth } from "../truth.mjs";

enum Side {
  Left = "left",
  Right = "right",
}

interface Move {
  readonly side: Side;
  readonly weight: number;
}

class Planner {
  private seen = 0;
  constructor(
    private readonly moves: readonly Move[],
    private readonly names: readonly string[] = [],
  ) {}

  searchPlan(depth: number): number {
    if (depth === 0) return this.names.length + this.moves.length;
    let best = -Infinity;
    for (const move of this.moves) {
      this.seen++;
      best = Math.max(best, move.weight * depth + (move.side === Side.Left ? 1 : -1) * this.searchPlan(depth - 1));
    }
    return best;
  }
}

const truth = openTruth("programs/tsx-enums.ts");
const planner = new Planner(
  Array.from({ length: 4 }, (_, weight) => ({ side: weight % 2 === 0 ? Side.Left : Side.Right, weight })),
);

function planRounds(rounds: number): number {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum += planner.searchPlan(5);
  return sum;
}

async function main(): Promise<void> {
  const rounds: number = await truth.size("plan", 240, planRounds);
  truth.stall("plan", { function: "searchPlan" }, () => planRounds(rounds));
  await truth.pause();
}
void main();
