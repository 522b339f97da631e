/** Contrast of the design's colours, recomputed from the file: text 4.5 on every surface, graphics 3 where they lie. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const css = readFileSync(fileURLToPath(new URL("../../../../src-renderer/ui/tokens.css", import.meta.url)), "utf8");
const THEMES = {
  dark: /\[data-theme="dark"\] \{(?<body>[^}]+)\}/,
  light: /\n\[data-theme="light"\] \{(?<body>[^}]+)\}/,
};
const SURFACES = ["canvas", "chrome", "raised", "selected"].map((name) => `--surface-${name}`);
const TEXTS = ["--text-strong", "--text", "--text-quiet", "--stall-text", "--cancel-text", "--error-text", "--accent"];
const GRAPHICS = [
  "--line-control",
  "--stall-fill",
  "--running-fill",
  "--waiting-fill",
  "--cancel-fill",
  "--error-fill",
  "--ended-fill",
  "--busy-line",
  "--step-fill",
  "--model-fill",
  "--tool-fill",
  "--task-fill",
];
const BODIES = ["--step-body", "--model-body", "--tool-body", "--task-body"];

for (const [theme, pattern] of Object.entries(THEMES)) {
  const body = pattern.exec(css)?.groups?.["body"] ?? "";
  const tokens = new Map([...body.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/gi)].map(([, name, value]) => [name, value]));
  const contrast = (over: string, under: string): number => {
    const [a, b] = [tokens.get(over), tokens.get(under)].map((colour) => {
      if (colour === undefined) throw new Error(`${theme} lacks ${over} or ${under}.`);
      return luminance(colour);
    });
    const [light, dark] = [Math.max(a ?? 0, b ?? 0), Math.min(a ?? 0, b ?? 0)];
    return (light + 0.05) / (dark + 0.05);
  };

  test(`Text of the ${theme} theme is at least 4.5 on every surface`, () => {
    for (const text of TEXTS)
      for (const surface of SURFACES)
        expect(contrast(text, surface), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
    for (const kind of BODIES) expect(contrast("--text-strong", kind), kind).toBeGreaterThanOrEqual(11.1);
    expect(contrast("--stall-on-fill", "--stall-fill")).toBeGreaterThanOrEqual(4.5);
    expect(contrast("--alarm-text", "--alarm-surface")).toBeGreaterThanOrEqual(4.5);
    expect(contrast("--primary-text", "--primary-surface")).toBeGreaterThanOrEqual(4.5);
  });

  test(`Graphics of the ${theme} theme are at least 3 on canvas and chrome`, () => {
    for (const graphic of GRAPHICS)
      for (const surface of SURFACES.slice(0, 2))
        expect(contrast(graphic, surface), `${graphic} on ${surface}`).toBeGreaterThanOrEqual(3);
  });
}

/** Relative luminance, WCAG 2. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}
