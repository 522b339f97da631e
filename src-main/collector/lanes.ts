/**
 * Depth lanes of a track that packs many slices: each open slice takes the lowest lane that is free from `floor` on.
 *
 *     lane 0  ████████  ██████
 *     lane 1      ███████████
 */
export interface Lanes {
  /** -1: all lanes up to `most` are taken. */
  open(slice: number, floor: number, most?: number): number;
  close(slice: number): void;
  laneOf(slice: number): number | undefined;
  /** Lanes used so far. */
  readonly depths: number;
}

export function createLanes(): Lanes {
  const taken: boolean[] = [];
  const laneBySlice = new Map<number, number>();
  return {
    open(slice, floor, most = Infinity) {
      let lane = floor;
      while (taken[lane] === true) lane++;
      if (lane >= most) return -1;
      while (taken.length <= lane) taken.push(false);
      taken[lane] = true;
      laneBySlice.set(slice, lane);
      return lane;
    },
    close(slice) {
      const lane = laneBySlice.get(slice);
      if (lane === undefined) return;
      taken[lane] = false;
      laneBySlice.delete(slice);
    },
    laneOf: (slice) => laneBySlice.get(slice),
    get depths() {
      return Math.max(1, taken.length);
    },
  };
}
