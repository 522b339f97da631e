/** Draws a component again at a steady pace, for numbers that count. No pace: not at all. */
import { useEffect, useState } from "react";

export function useTick(everyMs: number | undefined): void {
  const [, setTurn] = useState(0);
  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => setTurn((turn) => turn + 1), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
