import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawProfile } from "../../../src-runtime/tracer/profile.ts";
import { parseProfile, profileWindows, withPlaces } from "../../../src-runtime/tracer/profile-windows.ts";

const OWN = "/app/register.cjs";

interface Node {
  readonly name: string;
  readonly url?: string;
  readonly line?: number;
  readonly hot?: number;
  readonly children?: readonly number[];
}

/** As V8 writes it: names and paths unescaped. */
function written(
  nodes: readonly Node[],
  startTime: number,
  samples: readonly number[],
  deltas: readonly number[],
): string {
  const texts = nodes.map(({ name, url = "", line = 0, hot, children }, index) => {
    const frame = `"callFrame":{"functionName":"${name}","lineNumber":${line - 1},"columnNumber":4,"scriptId":7,"url":"${url}"}`;
    const below = children === undefined ? "" : `,"children":[${children.join(",")}]`;
    const ticks = hot === undefined ? "" : `,"positionTicks":[{"line":1,"ticks":1},{"line":${hot},"ticks":9}]`;
    return `{"id":${index + 1},"hitCount":1,${frame}${below}${ticks}}`;
  });
  const endTime = (startTime + deltas.reduce((sum, delta) => sum + delta, 0) + 1000) % 2 ** 32;
  return `{"nodes":[${texts.join(",")}],"startTime":${startTime},"endTime":${endTime},"samples":[${samples.join(",")}],"timeDeltas":[${deltas.join(",")}]}`;
}

const NODES: readonly Node[] = [
  { name: "(root)", children: [2, 5] },
  { name: "main", url: "file:///app/a.js", line: 3, children: [3, 4] },
  { name: "parse", url: "file:///app/a.js", line: 10, hot: 12 },
  { name: "tracer", url: OWN, line: 1 },
  { name: "(garbage collector)" },
];

function raw(samples: readonly number[], windows: RawProfile["windows"], startTime = 1000): RawProfile {
  const deltas = samples.map(() => 5000);
  return { t: "rawProfile", text: written(NODES, startTime, samples, deltas), at: samples.length * 5 + 1, windows };
}

function told(message: ReturnType<typeof profileWindows>[number]): readonly string[] {
  return message.runs.map(([node, from, length]) => {
    const names: string[] = [];
    for (let at = node; at >= 0; at = message.nodes[at]?.[1] ?? -1)
      names.push(message.frames[message.nodes[at]?.[0] ?? 0]?.[0] ?? "");
    return `${from.toFixed(1)}+${length.toFixed(1)} ${names.join(" < ")}`;
  });
}

test("of each window the stacks in it, each for the time nearest to its sample, cut at the window's ends", () => {
  // Samples at 5, 10, 15 … 40 ms.
  const [first, second] = profileWindows(
    raw(
      [2, 3, 3, 3, 2, 5, 2, 2],
      [
        [7, 9, 21],
        [8, 28, 34],
      ],
    ),
    OWN,
    5,
  );
  expect(first).toMatchObject({ t: "profile", beat: 7, at: 9, intervalMs: 5 });
  expect(told(first!)).toEqual(["0.0+12.0 parse < main"]);
  expect(first?.frames).toContainEqual(["parse", "file:///app/a.js", 10, 5, 12]);
  expect(told(second!)).toEqual(["0.0+4.5 (garbage collector)", "4.5+1.5 main"]);
});

test("frames of the tracer stand for their callers", () => {
  const [message] = profileWindows(raw([4, 4, 4], [[1, 0, 16]]), OWN, 5);
  expect(message?.frames.map(([fn]) => fn)).toEqual(["main"]);
});

test("V8's clock starts over every 71 minutes", () => {
  const [message] = profileWindows(raw([3, 3, 3, 3], [[1, 4, 16]], 2 ** 32 - 8000), OWN, 5);
  expect(told(message!)).toEqual(["1.0+11.0 parse < main"]);
});

test("names and paths that V8 does not escape are read as they are", () => {
  const parts = fc.string({ unit: fc.constantFrom('"', "\\", "a", "}", "{", ",", ":", "\n", "u", "]") });
  fc.assert(
    fc.property(parts, parts, (name, url) => {
      fc.pre(!name.includes('","lineNumber') && !/"\}[,}]/.test(`${url}"`));
      const { nodes } = parseProfile(written([{ name, url }], 0, [1], [1]));
      expect(nodes[0]?.callFrame).toMatchObject({ functionName: name, url });
    }),
  );
});

test("a sample stands for no longer than a few intervals: the sampler may not have come to run", () => {
  const text = written(NODES, 0, [3, 3], [5000, 500_000]);
  const [message] = profileWindows({ t: "rawProfile", text, at: 506, windows: [[1, 0, 506]] }, OWN, 5);
  expect(message?.runs.reduce((sum, [, , length]) => sum + length, 0)).toBeLessThan(40);
});

test("frames that a loader knows to stand elsewhere in the sources lose their hot line: it is of the transformed code", () => {
  const [message] = profileWindows(raw([3, 3], [[1, 0, 10]]), OWN, 5);
  expect(message?.frames).toEqual([
    ["main", "file:///app/a.js", 3, 5, 0],
    ["parse", "file:///app/a.js", 10, 5, 12],
  ]);
  const [main, parse] = [
    ["main", "file:///app/a.js", 3, 5],
    ["parse", "file:///app/a.js", 10, 5],
  ] as const;
  expect(withPlaces(message!, [main, parse])).toEqual(message);
  for (const moved of [
    ["parse", "/app/a.ts", 10, 5],
    ["parse", "file:///app/a.js", 7, 5],
    ["parse", "file:///app/a.js", 10, 2],
  ] as const)
    expect(withPlaces(message!, [main, moved]).frames).toEqual([
      [...main, 0],
      [...moved, 0],
    ]);
});
