/** The part of a 2D context the overlay draws with, so that a test can read a drawing as a list of calls. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "fillRect"
  | "strokeRect"
  | "clearRect"
  | "fillText"
  | "measureText"
>;

/**
 * The text as it fits into `width`: whole, cut with "…", or undefined if fewer than three letters would be left of it.
 * A text that is shorter than three letters is shown whole or not at all.
 */
export function fittedText(text: string, width: number, measure: (text: string) => number): string | undefined {
  if (text === "" || width <= 0) return undefined;
  if (measure(text) <= width) return text;
  const letters = Array.from(text);
  let low = 0;
  let high = letters.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${letters.slice(0, middle).join("").trimEnd()}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low < 3 ? undefined : `${letters.slice(0, low).join("").trimEnd()}…`;
}
