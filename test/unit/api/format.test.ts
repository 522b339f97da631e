import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatInstant, formatOffset } from "../../../src-main/api/format.ts";

test("durations have three significant digits and a space before the unit", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 ns"],
    [420, "420 ns"],
    [1_500, "1.5 µs"],
    [640e6, "640 ms"],
    [999.6e6, "1 s"],
    [1.234e6, "1.23 ms"],
    [3.2e9, "3.2 s"],
    [14.04e9, "14 s"],
    [59.96e9, "1 min 00 s"],
    [242e9, "4 min 02 s"],
    [7_500e9, "2 h 05 min"],
    [4_500_000e9, "1,250 h 00 min"],
    [-12e6, "-12 ms"],
    [NaN, "unknown"],
  ];
  for (const [nanos, text] of cases) expect(formatDuration(nanos)).toBe(text);
});

test("a duration below a minute is right to half a percent", () => {
  const units: Readonly<Record<string, number>> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 59_900_000_000 }), (nanos) => {
      const [number = "", unit = ""] = formatDuration(nanos).split(" ");
      const said = Number(number) * (units[unit] ?? NaN);
      expect(Math.abs(said - nanos) / nanos).toBeLessThanOrEqual(0.00501);
      expect(number.replace(/[.]|^0+/g, "").length).toBeLessThanOrEqual(3);
    }),
  );
});

test("instants keep their decimals, with minutes and hours before them", () => {
  expect(formatInstant(5.12e9)).toBe("5.120 s");
  expect(formatInstant(5.12e9, 1)).toBe("5.1 s");
  expect(formatInstant(59.9996e9)).toBe("1 min 00.000 s");
  expect(formatInstant(242.12e9)).toBe("4 min 02.120 s");
  expect(formatInstant(242e9, 0)).toBe("4 min 02 s");
  expect(formatInstant(7_325e9, 0)).toBe("2 h 02 min 05 s");
});

test("offsets have their sign", () => {
  expect(formatOffset(212e6)).toBe("+212 ms");
  expect(formatOffset(-1.5e9)).toBe("-1.5 s");
});
