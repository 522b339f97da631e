/** A pen that draws nothing and writes down what it was asked to, with a font in which every letter is 6 px wide. */
import type { Pen } from "../../../../src-renderer/timeline/pen.ts";

const LETTER = 6;

export interface DrawLog {
  readonly pen: Pen;
  readonly calls: readonly string[];
  texts(): readonly { readonly text: string; readonly x: number; readonly y: number }[];
}

export function createDrawLog(): DrawLog {
  const calls: string[] = [];
  const texts: { text: string; x: number; y: number }[] = [];
  const round = (values: readonly number[]): string => values.map((value) => Math.round(value * 100) / 100).join(" ");
  const pen: Pen = {
    fillStyle: "",
    strokeStyle: "",
    lineWidth: 1,
    font: "",
    textAlign: "left",
    textBaseline: "alphabetic",
    fillRect: (...box) => calls.push(`fillRect ${round(box)}`),
    strokeRect: (...box) => calls.push(`strokeRect ${round(box)}`),
    clearRect: (...box) => calls.push(`clearRect ${round(box)}`),
    fillText(text, x, y) {
      calls.push(`fillText ${text}`);
      texts.push({ text, x, y });
    },
    measureText: (text) => ({ width: Array.from(text).length * LETTER }) as TextMetrics,
  };
  return { pen, calls, texts: () => texts };
}
