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
    private readonly width: number,
    private readonly names: readonly string[] = [],
  ) {}

  searchPlan(depth: number): number {
    if (depth === 0) return this.names.length + this.width;
    let best = -Infinity;
    for (const move of this.moves(depth)) {
      this.seen++;
      best = Math.max(best, move.weight + (move.side === Side.Left ? 1 : -1) * this.searchPlan(depth - 1));
    }
    return best;
  }

  private moves(depth: number): Move[] {
    return Array.from({ length: this.width }, (_, index) => ({
      side: index % 2 === 0 ? Side.Left : Side.Right,
      weight: index * depth,
    }));
  }
}

const truth = openTruth("programs/tsx-enums.ts");
const planner = new Planner(4);

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
