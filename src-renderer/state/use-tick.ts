/** Draws a component again at a steady pace, for numbers that count. No pace: not at all. */
import { useEffect, useState } from "react";

/** Answers the window's clock, milliseconds, as it was at the last tick. */
export function useTick(everyMs: number | undefined): number {
  const [at, setAt] = useState(() => performance.now());
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => setAt(performance.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return at;
}
