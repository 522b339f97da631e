/** The states a real program reaches only by luck, from a drawn recording over a real socket in a real browser. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sentence, StallRow } from "../../src-main/api/api.ts";
import { builtPart } from "../../src-main/build/cache.js";
import { startDrawnHost } from "./fixtures/drawn-host.ts";
import { DRAWN_STALLS, drawnRow } from "./fixtures/drawn-recording.ts";
import { startViewer, type Viewer } from "./fixtures/viewer.ts";

const MS = 1e6;
const WAITING: Sentence = {
  tone: "calm",
  since: 2200 * MS,
  parts: [
    { role: "plain", text: "Event loop free. Waiting " },
    { role: "number", text: "1 s" },
    { role: "plain", text: " for the stream of step 7." },
  ],
};
const BLOCKED: Sentence = {
  tone: "blocked",
  since: 5120 * MS,
  parts: [
    { role: "plain", text: "Event loop blocked for " },
    { role: "stall", text: "3.2 s" },
    { role: "plain", text: " right now, in " },
    { role: "code", text: "encodeChunk()" },
  ],
};
const LIVE = drawnRow({ id: "live-1", state: "live", durationMs: 8300, sentence: WAITING });
const NEWER = drawnRow({
  id: "newer",
  name: "support",
  error: {
    code: "format-too-new",
    message: "It was written by format 7; this version reads up to 1. The file was not changed.",
    hint: "Get a newer Stallscope.",
  },
});

let viewer: Viewer;
let renderer: string;

beforeAll(async () => {
  renderer = await builtPart(fileURLToPath(new URL("../..", import.meta.url)), "renderer");
  viewer = await startViewer();
});

afterAll(() => viewer[Symbol.asyncDispose]());

/** The drawn stalls up to the second, which has not ended. */
function withOpenStall(): readonly StallRow[] {
  return DRAWN_STALLS.slice(0, 2).map(({ dur, ...stall }) =>
    stall.id === 2 || dur === undefined ? stall : { ...stall, dur },
  );
}

test("The first time there is nothing but a way to begin", async () => {
  await using host = await startDrawnHost(renderer, []);
  const { page, complaints } = await viewer.open();
  await page.goto(host.url);
  await page.getByRole("heading", { name: "No recordings yet" }).waitFor();
  expect(await page.getByText("stallscope run agent.ts").isVisible()).toBe(true);
  await page.getByRole("button", { name: "Run the example agent" }).click();
  await page.getByRole("alert").getByText("could not be started").waitFor();

  host.rows = [LIVE];
  host.listChanged();
  await page.getByRole("region", { name: "research, live" }).waitFor();
  await page.getByRole("button", { name: "Run the example agent" }).click();
  await page.waitForURL(/#\/recording\/live-1$/);
  expect(complaints).toEqual([]);
});

test("A file of a newer format is listed with its error, and opening it says what to do", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow(), NEWER]);
  const { page, complaints } = await viewer.open();
  await page.goto(host.url);
  const row = page.getByRole("row", { name: /support/ });
  await row.getByText("written by format 7").waitFor();
  await row.click();
  await page.getByRole("heading", { name: "support cannot be read" }).waitFor();
  expect(await page.getByRole("button", { name: "Open" }).count()).toBe(0);

  await page.goto(`${host.url}#/recording/newer`);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  expect(await alert.textContent()).toContain("Get a newer Stallscope.");
  expect(await alert.textContent()).toContain("format-too-new");
  await page.getByRole("link", { name: "Back to the recordings" }).click();
  await page.getByRole("heading", { name: "Recordings" }).waitFor();
  expect(complaints).toEqual([]);
});

test("Arrows, Enter and Delete work on the list; deleting asks first, and keeping is the default", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow(), drawnRow({ id: "other", name: "triage" })]);
  const { page, complaints } = await viewer.open();
  await page.goto(host.url);
  await page.getByRole("row", { name: /research/ }).click();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("region", { name: "Preview of triage" }).waitFor();
  await page.keyboard.press("Delete");
  await page.getByRole("alertdialog", { name: "Delete triage?" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  expect(host.removed).toEqual([]);

  await page.getByRole("row", { name: /triage/ }).click();
  await page.keyboard.press("Delete");
  await page.getByRole("button", { name: "Delete the recording" }).click();
  await page.getByRole("row", { name: /triage/ }).waitFor({ state: "detached" });
  expect(host.removed).toEqual(["other"]);

  await page.getByRole("row", { name: /research/ }).click();
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/recording\/research-1$/);
  expect(complaints).toEqual([]);
});

test("Blocked now fills the bar and counts; on release it falls back and says for how long", async () => {
  await using host = await startDrawnHost(renderer, [LIVE]);
  const { page, complaints } = await viewer.open();
  await page.goto(`${host.url}#/recording/live-1`);
  const bar = page.getByRole("region", { name: "Status" });
  await bar.getByText("Event loop free.").waitFor();
  expect(await bar.evaluate((element) => element.clientHeight)).toBeLessThanOrEqual(40);

  host.blockedNow = true;
  host.overviews.set("live-1", { sentence: BLOCKED, stalls: withOpenStall() });
  host.notify({ recording: "live-1", state: "live", end: 8400 * MS, version: 2, sentence: BLOCKED });
  await bar.getByText("right now, in", { exact: true }).waitFor();
  expect(
    await bar.evaluate((element) => [element.clientHeight + 1, getComputedStyle(element).backgroundColor]),
  ).toEqual([52, "rgb(191, 44, 12)"]);
  // 8.4 s − 5.12 s, and then it counts without another word from the host.
  const number = bar.locator("[data-role=stall]");
  const first = Number.parseFloat((await number.textContent()) ?? "");
  expect(first).toBeGreaterThanOrEqual(3.2);
  await expect.poll(async () => Number.parseFloat((await number.textContent()) ?? "")).toBeGreaterThan(first);
  expect(await bar.getByRole("status").textContent()).toContain("Event loop blocked for");

  await page.keyboard.press("Shift+N");
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByText("and counting").waitFor();

  host.blockedNow = false;
  host.overviews.set("live-1", { sentence: WAITING });
  host.notify({ recording: "live-1", state: "live", end: 9400 * MS, version: 3, sentence: WAITING });
  await bar.getByText("Event loop was blocked for").waitFor();
  // The recorder's own figure, not the window's.
  await expect.poll(() => number.textContent()).toBe("640 ms");
  await details.getByRole("heading", { name: "640 ms event loop blocked" }).waitFor();
  expect(complaints).toEqual([]);
});

test("A lost connection is said, what was read stays, and it comes back by itself", async () => {
  await using host = await startDrawnHost(renderer, [LIVE]);
  const { page } = await viewer.open();
  await page.goto(`${host.url}#/recording/live-1`);
  await page.getByText("Event loop free.").waitFor();
  host.cut();
  await page.getByText("Disconnected from Stallscope", { exact: true }).waitFor();
  const footer = page.getByRole("contentinfo");
  expect(await footer.textContent()).toContain("disconnected");
  expect(await footer.textContent()).toContain("41,208 events");
  // Before there is anything to come back to: afterwards the window may be faster than a click.
  await page.getByRole("button", { name: "Try now" }).click();
  host.restore();
  await page.getByText("Event loop free.").waitFor();
  expect(await footer.textContent()).toContain("live");
});

test("A recording that was cut says when, by what and in what", async () => {
  const cut = drawnRow({ id: "cut", state: "cut", signal: "SIGKILL", dropped: 1204 });
  await using host = await startDrawnHost(renderer, [cut]);
  host.overviews.set("cut", { stalls: withOpenStall(), dropped: { handle: 1204 } });
  const { page, complaints } = await viewer.open();
  await page.goto(`${host.url}#/recording/cut`);
  const details = page.getByRole("complementary", { name: "Details" });
  await details.getByRole("heading", { name: "Cut at 14.200 s" }).waitFor();
  const text = await details.textContent();
  expect(text).toContain("killed (SIGKILL) while the event loop was blocked in encodeChunk()");
  expect(text).toContain("1,204 events dropped");
  expect(text).toContain("promises (level tasks)");
  expect(await page.getByRole("contentinfo").textContent()).toContain("1,204 dropped");
  expect(complaints).toEqual([]);
});

test("A filter that leaves nothing offers the nearest name; no letter acts while a field has the focus", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, complaints } = await viewer.open();
  await page.goto(`${host.url}#/recording/research-1`);
  await page.getByRole("contentinfo").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("sumariseN");
  await page.getByRole("heading", { name: "No track matches “sumariseN”" }).waitFor();
  expect(await page.getByRole("heading", { name: /event loop blocked/ }).count()).toBe(0);
  await page.keyboard.press("Backspace");
  await page.getByRole("button", { name: "Use summarise" }).click();
  await page.getByRole("heading", { name: /No track/ }).waitFor({ state: "detached" });
  expect(await page.getByRole("searchbox", { name: "Filter tracks" }).inputValue()).toBe("summarise");
  expect(complaints).toEqual([]);
});

test("The way of the selection leads back and forward, from a stall to its task and its cancellation", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, complaints } = await viewer.open();
  await page.goto(`${host.url}#/recording/research-1`);
  const details = page.getByRole("complementary", { name: "Details" });
  // Longest first; the list is one stop of the Tab key.
  await details.getByRole("button", { name: /640 ms encodeChunk/ }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await details.getByText("Stall 2 of 3").waitFor();
  expect(await details.textContent()).toContain("bpe-lite/src/encode.ts:117");
  await details.getByRole("button", { name: "request GET /docs" }).click();
  const story = details.getByRole("region", { name: "Cancellation" });
  await story.waitFor();
  expect(await story.textContent()).toContain("Cancel requested by request GET /pricing");
  expect(await story.textContent()).toContain("fetchPages() pages.ts:42");
  expect(await story.textContent()).toContain("+210 ms");
  // The filled frame is the blocked event loop's; a cancellation blames nobody.
  expect(await story.locator(".stack-frame").count()).toBe(1);
  expect(await story.locator("[data-blamed]").count()).toBe(0);
  await page.keyboard.press("[");
  await details.getByText("Stall 2 of 3").waitFor();
  await page.keyboard.press("]");
  await story.waitFor();
  await page.keyboard.press("Escape");
  await details.getByRole("heading", { name: "Stalls" }).waitFor();
  expect(complaints).toEqual([]);
});

test("The theme is the system's until it is chosen, and the choice is remembered", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, complaints } = await viewer.open({ theme: "light" });
  await page.goto(host.url);
  const theme = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset["theme"]);
  await page.getByRole("heading", { name: "Recordings" }).waitFor();
  expect(await theme()).toBe("light");
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  expect(await theme()).toBe("dark");
  await page.reload();
  await page.getByRole("heading", { name: "Recordings" }).waitFor();
  expect(await theme()).toBe("dark");
  await page.getByRole("button", { name: "Use the light theme" }).click();
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(theme).toBe("dark");
  expect(complaints).toEqual([]);
});

test("Details lie over the timeline where there is little room; elsewhere their edge moves, and is remembered", async () => {
  await using host = await startDrawnHost(renderer, [drawnRow()]);
  const { page, complaints } = await viewer.open();
  await page.goto(`${host.url}#/recording/research-1`);
  const details = page.getByRole("complementary", { name: "Details" });
  const widthOf = async (): Promise<number> => (await details.boundingBox())?.width ?? 0;
  await details.waitFor();
  expect(await widthOf()).toBe(392);
  const edge = page.getByRole("separator", { name: "Width of the details" });
  await edge.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(widthOf).toBe(408);
  await page.reload();
  await details.waitFor();
  expect(await widthOf()).toBe(408);
  await edge.dblclick();
  await expect.poll(widthOf).toBe(392);

  await page.setViewportSize({ width: 1000, height: 700 });
  await details.waitFor({ state: "hidden" });
  await page.keyboard.press("n");
  await details.getByText("Stall 1 of 3").waitFor();
  await page.getByRole("button", { name: "Close the details" }).click();
  await details.waitFor({ state: "hidden" });
  expect(complaints).toEqual([]);
});
