/** Who waits for each other in a circle: cycles in a wait-for graph. Pure. */

const MOST = 10;

/**
 * Every circle found on a walk from each node once, so of circles that share nodes at least one. From a member on in the
 * order of the waits: each for the next, the last for the first.
 * @param edges from who waits to whom it waits for.
 */
export function cyclesIn(edges: ReadonlyMap<number, readonly number[]>): readonly (readonly number[])[] {
  const cycles: (readonly number[])[] = [];
  const done = new Set<number>();
  for (const start of edges.keys()) {
    // By hand, since a chain of waits may be longer than the stack is deep.
    const path: number[] = [];
    const onPath = new Map<number, number>();
    const walk: { readonly node: number; next: number }[] = [];
    const enter = (node: number): void => {
      onPath.set(node, path.length);
      path.push(node);
      walk.push({ node, next: 0 });
    };
    if (!done.has(start)) enter(start);
    for (let step = walk.at(-1); step !== undefined; step = walk.at(-1)) {
      const target = edges.get(step.node)?.[step.next++];
      if (target === undefined) {
        done.add(step.node);
        onPath.delete(step.node);
        path.pop();
        walk.pop();
        continue;
      }
      const from = onPath.get(target);
      if (from !== undefined) {
        cycles.push(path.slice(from));
        if (cycles.length === MOST) return cycles;
      } else if (!done.has(target)) enter(target);
    }
  }
  return cycles;
}
