/** A stall in full: its flame graph by keyboard and as a table, live, cut, its victims and the ways out of the window. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RecordingNotice, Sentence, StallDetails, StallRow } from "../../src-main/api/api.ts";
import { builtPart } from "../../src-main/build/cache.js";
import { drawnDetails } from "./fixtures/drawn-details.ts";
import { drawnFlame } from "./fixtures/drawn-flame.ts";
import { startDrawnHost, type DrawnHost } from "./fixtures/drawn-host.ts";
import { DRAWN_STALLS, drawnRow } from "./fixtures/drawn-recording.ts";
import { startViewer, type Viewer, type ViewerOptions } from "./fixtures/viewer.ts";

const MS = 1e6;
const START = 5120 * MS;
/** `--stall-fill`. */
const STALL_HUES = { dark: [255, 91, 54], light: [209, 42, 4] } as const;
const BLOCKED: Sentence = { tone: "blocked", since: START, parts: [{ role: "plain", text: "Event loop blocked." }] };
const ENCODE = ["execute@summarise.ts:31", "encodeChunk@node_modules/bpe-lite/src/encode.ts:117"] as const;

let viewer: Viewer;
let renderer: string;

beforeAll(async () => {
  renderer = await builtPart(fileURLToPath(new URL("../..", import.meta.url)), "renderer");
  viewer = await startViewer();
});

afterAll(() => viewer[Symbol.asyncDispose]());

interface Opened {
  readonly page: Page;
  readonly details: Locator;
  readonly complaints: readonly string[];
}

/** The recording with its second stall selected. */
async function openStall(host: DrawnHost, recording = "research-1", options: ViewerOptions = {}): Promise<Opened> {
  const { page, complaints } = await viewer.open(options);
  await page.goto(`${host.url}#/recording/${recording}`);
  const details = page.getByRole("complementary", { name: "Details" });
  await page.getByRole("group", { name: /^Timeline/ }).waitFor();
  await page.keyboard.press("n");
  await details.getByText("Stall 1 of 3").waitFor();
  await page.keyboard.press("n");
  await details.getByText("Stall 2 of 3").waitFor();
  return { page, details, complaints };
}

function flameOf(details: Locator): { readonly graph: Locator; readonly readout: Locator; readonly spoken: Locator } {
  const graph = details.getByRole("group", { name: /^Flame graph/ });
  return { graph, readout: details.locator(".flame-readout"), spoken: graph.getByRole("status") };
}

/** How many pixels of a canvas have exactly this colour. */
function pixelsOf(canvas: Locator, [red, green, blue]: readonly [number, number, number]): Promise<number> {
  return canvas.evaluate(
    (element, wanted) => {
      const { width, height } = element as HTMLCanvasElement;
      // On a copy: the browser complains of reading what is drawn on.
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const pen = copy.getContext("2d", { willReadFrequently: true });
      if (pen === null || width === 0 || height === 0) return 0;
      pen.drawImage(element as HTMLCanvasElement, 0, 0);
      const { data } = pen.getImageData(0, 0, width, height);
      let count = 0;
      for (let place = 0; place < data.length; place += 4) {
        const isIt = wanted.every((value, part) => data[place + part] === value);
        if (isIt && data[place + 3] === 255) count += 1;
      }
      return count;
    },
    [red, green, blue],
  );
}

function openStalls(seen?: number): readonly StallRow[] {
  return DRAWN_STALLS.map(({ dur, ...stall }) => {
    if (stall.id !== 2) return { ...stall, dur: dur ?? 0 };
    return seen === undefined ? stall : { ...stall, seen };
  });
}

for (const theme of ["dark", "light"] as const) {
  test(`The flame graph is walked, zoomed and left by keyboard, in the ${theme} theme`, async () => {
    await using host = await startDrawnHost(renderer, [drawnRow()]);
    const { page, details, complaints } = await openStall(host, "research-1", { theme });
    const { graph, readout, spoken } = flameOf(details);
    await graph.waitFor();
    // The blamed frame is solid, and most of the window.
    await expect.poll(() => pixelsOf(graph.locator("canvas"), STALL_HUES[theme])).toBeGreaterThan(3000);
    // Before anything is chosen, what is blamed is told in full.
    expect(await readout.textContent()).toContain("encodeChunk bpe-lite encode.ts:117");
    expect(await readout.textContent()).toContain("total 589 ms · 92 %");

    await graph.focus();
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => spoken.textContent()).toContain("encodeChunk bpe-lite encode.ts:117, blamed");
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => spoken.textContent()).toMatch(/^bytePairMerge .* row 6 of 7$/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => spoken.textContent()).toContain("exec regexp:12, Node and native");
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await details.getByText("zoomed into bytePairMerge: Esc leads back").waitFor();
    await page.keyboard.press("Escape");
    await details.getByText("zoomed into").waitFor({ state: "detached" });
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect.poll(() => spoken.textContent()).toContain("Tokenizer.encode");

    // The same frame where it stood: in time, the caller stood again and again.
    await page.keyboard.press("1");
    await expect.poll(() => details.getByRole("button", { name: "In time" }).getAttribute("aria-pressed")).toBe("true");
    await expect.poll(() => spoken.textContent()).toContain("Tokenizer.encode");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await details.getByText("zoomed into Tokenizer.encode").waitFor();
    await page.keyboard.press("Escape");
    // Nothing is zoomed into: the frame, then the stall.
    await page.keyboard.press("Escape");
    await details.getByText("Stall 2 of 3").waitFor();
    await page.keyboard.press("Escape");
    await details.getByRole("region", { name: "Stalls" }).waitFor();
    expect(complaints).toEqual([]);
  });
}

test("The table says the same by function, and sorts", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, details, complaints } = await openStall(host);
  await page.keyboard.press("3");
  const table = details.getByRole("table", { name: "Time by function" });
  const first = table.locator("tbody tr").first();
  await expect.poll(() => first.textContent()).toMatch(/^encodeChunk.*293 ms 46 %589 ms 92 %$/);
  const total = table.getByRole("button", { name: "Total" });
  await total.click();
  await expect.poll(() => first.textContent()).toContain("processTicksAndRejections");
  expect(await table.getByRole("columnheader", { name: "Total" }).getAttribute("aria-sort")).toBe("descending");
  await total.click();
  await expect.poll(() => first.textContent()).toMatch(/slice|push/);
  await table.getByRole("button", { name: "Function" }).click();
  await expect.poll(() => first.textContent()).toContain("(anonymous)");
  expect(await table.getByRole("row", { name: /garbage collector.*Node and native/ }).count()).toBe(1);
  expect(complaints).toEqual([]);
});

test("The pointer tells of the frame under it, a click chooses and two zoom in", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { details, complaints } = await openStall(host);
  const { graph, readout } = flameOf(details);
  await graph.hover({ position: { x: 60, y: 30 } });
  await expect.poll(() => readout.textContent()).toContain("summarise.execute summarise.ts:31");
  await graph.click({ position: { x: 60, y: 50 } });
  await details.getByRole("heading", { name: "Stack during the stall" }).hover();
  await expect.poll(() => readout.textContent()).toContain("splitIntoChunks");
  await graph.dblclick({ position: { x: 40, y: 110 } });
  await details.getByText("zoomed into bytePairMerge").waitFor();
  expect(complaints).toEqual([]);
});

test("While it lasts, stacks come in and the flame grows; where one is in it stays", async () => {
  const live = drawnRow({ id: "live-1", state: "live", durationMs: 8300, sentence: BLOCKED });
  await using host = await startDrawnHost(renderer, [live]);
  const notice: RecordingNotice = { recording: "live-1", state: "live", end: 8300 * MS, version: 1, sentence: BLOCKED };
  host.blockedNow = true;
  host.overviews.set("live-1", { stalls: openStalls() });
  const { samples } = drawnDetails({ kind: "stall", id: 2 }, true) as StallDetails;
  host.stall = (drawn) => ({
    ...drawn,
    samples: samples.slice(0, 1),
    flame: drawnFlame([[58, ...ENCODE]], START, "captures"),
  });
  const { page, details, complaints } = await openStall(host, "live-1");
  await details.getByRole("heading", { name: /and counting/ }).waitFor();
  await details.getByText("1 capture, and more while it lasts").waitFor();
  await details.getByText("What is late is known when the event loop turns again.").waitFor();
  const { graph, spoken } = flameOf(details);
  await graph.focus();
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => spoken.textContent()).toContain("total 58 ms · 100 %");

  host.stall = (drawn) => ({
    ...drawn,
    samples: samples.slice(0, 3),
    flame: drawnFlame(
      [
        [90, ...ENCODE],
        [100, "execute@summarise.ts:31"],
        [210, ...ENCODE, "merge@m.ts:4"],
      ],
      START,
      "captures",
    ),
  });
  host.notify({ ...notice, version: 2, end: 8600 * MS });
  await details.getByText("3 captures, and more while it lasts").waitFor();
  await expect.poll(() => spoken.textContent()).toContain("encodeChunk bpe-lite encode.ts:117, blamed");
  await expect.poll(() => spoken.textContent()).toContain("total 300 ms · 75 %");
  expect(await details.getByRole("region", { name: "Stacks taken while blocked" }).getByRole("row").count()).toBe(4);
  const number = details.locator(".big-number");
  const counted = Number.parseFloat((await number.textContent()) ?? "");
  await expect.poll(async () => Number.parseFloat((await number.textContent()) ?? "")).toBeGreaterThan(counted);

  host.blockedNow = false;
  host.stall = (drawn) => drawn;
  host.overviews.delete("live-1");
  host.notify({ ...notice, version: 3, end: 9000 * MS });
  await details.getByRole("heading", { name: "640 ms event loop blocked" }).waitFor();
  await details.getByRole("region", { name: "Victims" }).getByText("6 ran late").waitFor();
  await expect.poll(() => spoken.textContent()).toContain("encodeChunk");
  expect(complaints).toEqual([]);
});

test("Before the first stack it says what is waited for, and why there may be none", async () => {
  const live = drawnRow({ id: "live-1", state: "live", durationMs: 8300, sentence: BLOCKED });
  await using host = await startDrawnHost(renderer, [live]);
  host.overviews.set("live-1", { stalls: openStalls() });
  const drawn = drawnDetails({ kind: "stall", id: 3 }) as StallDetails;
  const { dur: _dur, blame: _blame, ...stall } = DRAWN_STALLS[1] as StallRow;
  host.stall = () => ({ ...drawn, stall, place: 2 });
  const { details, complaints } = await openStall(host, "live-1");
  await details.getByText("Cannot tell which function: no stack yet.").waitFor();
  const soFar = details.getByRole("region", { name: "Stack so far" });
  expect(await soFar.textContent()).toContain("inside one native call it cannot");
  expect(await details.getByRole("button", { name: /cpuprofile/ }).count()).toBe(0);
  expect(complaints).toEqual([]);
});

test("A stall that a cut recording ends in lasted at least as long as it was seen", async () => {
  const cut = drawnRow({ id: "cut", state: "cut", signal: "SIGKILL" });
  await using host = await startDrawnHost(renderer, [cut]);
  const stalls = openStalls(START + 3200 * MS);
  host.blockedNow = true;
  host.overviews.set("cut", { stalls });
  host.stall = (drawn) => ({ ...drawn, stall: stalls[1] as StallRow });
  const { page, details, complaints } = await openStall(host, "cut");
  await details.getByRole("heading", { name: "at least 3.2 s blocked; nobody saw its end" }).waitFor();
  expect(await details.getByRole("region", { name: /^Cause: own code/ }).count()).toBe(1);
  expect(await details.textContent()).not.toContain("so far");
  expect(await page.getByRole("treeitem", { name: /Event loop/ }).textContent()).toContain("3.28 s blocked");
  await page.keyboard.press("Escape");
  await details.getByRole("region", { name: "Stalls" }).getByText("≥ 3.2 s").waitFor();
  expect(complaints).toEqual([]);
});

test("Victims lead to their tasks, and the timeline links the stall with them", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, details, complaints } = await openStall(host);
  await page.keyboard.press("f");
  const victims = details.getByRole("region", { name: "Victims" });
  expect(await victims.textContent()).toContain("6 ran late · 1 cancelled because of it");
  expect(await victims.textContent()).toContain("≈ 604 ms");
  expect(await victims.textContent()).toContain("1 other ran less late.");
  const overlay = page.locator(".timeline-canvas canvas").nth(1);
  await expect.poll(() => pixelsOf(overlay, STALL_HUES.dark)).toBeGreaterThan(150);
  // The list is one stop of the Tab key; what has no task is no stop in it.
  await victims.getByRole("button").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => details.getByRole("heading", { level: 2 }).textContent()).toContain("GET /docs");
  await expect.poll(() => pixelsOf(overlay, STALL_HUES.dark)).toBe(0);
  await page.keyboard.press("[");
  await victims.getByRole("button", { name: /cancelled GET \/docs because of the stall/ }).click();
  await details.getByRole("region", { name: "Cancellation" }).waitFor();
  expect(complaints).toEqual([]);
});

test("A stall's stacks are saved as a .cpuprofile", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, details, complaints } = await openStall(host);
  const download = page.waitForEvent("download");
  await details.getByRole("button", { name: "Export .cpuprofile" }).click();
  const saved = await download;
  expect(saved.suggestedFilename()).toBe("research-1-stall-2.cpuprofile");
  const profile = JSON.parse(await readFile(await saved.path(), "utf8")) as {
    readonly nodes: readonly { readonly callFrame: { readonly functionName: string } }[];
    readonly samples: readonly number[];
  };
  expect(profile.nodes.map(({ callFrame }) => callFrame.functionName)).toContain("encodeChunk");
  expect(profile.samples.length).toBeGreaterThan(10);
  expect(complaints).toEqual([]);
});

test("Places open in the editor that was chosen, own code and dependencies but nothing of Node's", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, details, complaints } = await openStall(host);
  const open = details.getByRole("link", { name: "Open in editor" });
  const path = "home/me/node_modules/bpe-lite/src/encode.ts";
  expect(await open.getAttribute("href")).toBe(`vscode://file/${path}:117:9`);
  await page.keyboard.press("3");
  const table = details.getByRole("table", { name: "Time by function" });
  expect(
    await table
      .getByRole("row", { name: /^splitIntoChunks/ })
      .getByRole("link")
      .getAttribute("href"),
  ).toBe("vscode://file/home/me/summarise.ts:58:9");
  expect(
    await table
      .getByRole("row", { name: /^writeSync/ })
      .getByRole("link")
      .count(),
  ).toBe(0);

  await details.getByRole("combobox", { name: "Frames open in" }).selectOption("Zed");
  await expect.poll(() => open.getAttribute("href")).toBe(`zed://file/${path}:117:9`);
  await details.getByRole("combobox", { name: "Frames open in" }).selectOption("another editor");
  const address = details.getByRole("textbox", { name: "The editor's address" });
  await address.fill("javascript:alert('{path}')");
  await details.getByText("Begin with the editor's own scheme").waitFor();
  expect(await open.getAttribute("href")).toBe(`zed://file/${path}:117:9`);
  await address.fill("emacs://open?f={path}&l={line}");
  await expect.poll(() => open.getAttribute("href")).toBe(`emacs://open?f=${encodeURIComponent(`/${path}`)}&l=117`);
  await page.reload();
  await page.getByRole("group", { name: /^Timeline/ }).waitFor();
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  await details.getByText("Stall 2 of 3").waitFor();
  expect(await open.getAttribute("href")).toMatch(/^emacs:/);
  expect(complaints).toEqual([]);
});

test("In a window of 1024 by 640 nothing of a stall is cut off at the side", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, details, complaints } = await openStall(host, "research-1", { width: 1024, height: 640 });
  const overflow = (): Promise<number> =>
    details.locator(".panel").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
  for (const mode of ["1", "2", "3"]) {
    await page.keyboard.press(mode);
    await expect.poll(overflow).toBeLessThanOrEqual(0);
  }
  expect(complaints).toEqual([]);
});
