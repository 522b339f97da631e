/** The main job from end to end: a real program under `stallscope run`, the real `stallscope serve`, a real browser. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHome, PROGRAMS, stallscope } from "../system/stallscope.ts";
import { serve, type Served } from "./fixtures/served.ts";
import { startViewer, type Viewer } from "./fixtures/viewer.ts";

const PROGRAM = join(PROGRAMS, "viewer", "blocks-in-a-task.ts");
/** The line of the loop that holds the event loop. */
const PLACE = /blocks-in-a-task\.ts:[78]/;

const home = createHome();
let viewer: Viewer;
let served: Served;

beforeAll(async () => {
  const { code, stderr } = await stallscope(home.path, ["run", "--quiet", "--node", process.execPath, PROGRAM]);
  if (code !== 0) throw new Error(`The program ended with ${code}.\n${stderr}`);
  served = await serve(home.path);
  viewer = await startViewer();
});

afterAll(async () => {
  await viewer?.[Symbol.asyncDispose]();
  await served?.[Symbol.asyncDispose]();
  home.dispose();
});

for (const theme of ["dark", "light"] as const) {
  test(`From the list to the line that blocked, by keyboard alone, in the ${theme} theme`, async () => {
    const { page, complaints } = await viewer.open({ theme });
    await page.goto(served.url);
    const row = page.getByRole("row", { name: /blocks-in-a-task/ });
    await row.waitFor();
    expect(await row.textContent()).toContain("parseReport()");
    const preview = page.getByRole("region", { name: /^Preview of blocks-in-a-task/ });
    expect(await preview.textContent()).toMatch(/event loop.+ms in parseReport\(\)/i);

    const isOnRow = (): Promise<boolean> => page.evaluate(() => document.activeElement?.closest("[role=row]") !== null);
    await expect.poll(isOnRow).toBe(true);
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/recording\//);
    await page.getByRole("heading", { level: 1, name: /blocks-in-a-task/ }).waitFor();
    const sentence = page.getByRole("region", { name: "Status" });
    expect(await sentence.textContent()).toContain("parseReport()");

    const details = page.getByRole("complementary", { name: "Details" });
    const stalls = details.getByRole("region", { name: "Stalls" }).getByRole("button");
    const count = await stalls.count();
    expect(count).toBeGreaterThan(0);
    // Next stall, until it is the one in our function; others may be the machine's doing.
    for (let turn = 1; turn <= count; turn += 1) {
      await page.keyboard.press("n");
      await details.getByText(`Stall ${turn} of ${count}`).waitFor();
      if ((await details.textContent())?.includes("Samples in parseReport") === true) break;
    }
    const text = await details.textContent();
    expect(text).toContain("parseReport()");
    expect(text).toMatch(PLACE);
    expect(text).toContain("event loop blocked");
    const stack = details.getByRole("region", { name: "Stack during the stall" });
    expect(await stack.locator("[data-blamed]").textContent()).toMatch(PLACE);

    const footer = await page.getByRole("contentinfo").textContent();
    expect(footer).toContain("closed");
    expect(footer).toContain("level tasks");
    expect(footer).toContain("0 dropped");
    expect(complaints).toEqual([]);
  });
}

test("A running program is watched: blocked is said while it is, and that it was when it is over", async () => {
  let stop: (() => void) | undefined;
  const program = join(PROGRAMS, "viewer", "blocks-again-and-again.mjs");
  const ended = stallscope(home.path, ["run", "--node", process.execPath, program], {
    onOutput: (child) => (stop = () => child.kill("SIGTERM")),
  });
  try {
    const { page, complaints } = await viewer.open();
    await page.goto(served.url);
    await page.getByRole("button", { name: /^Watch blocks-again/ }).click();
    const bar = page.getByRole("region", { name: "Status" });
    const blocked = bar.and(page.locator("[data-tone=blocked]"));
    await blocked.getByText("parsePdf()", { exact: true }).waitFor();
    const details = page.getByRole("complementary", { name: "Details" });
    await details.getByRole("region", { name: "Stalls" }).getByText("now").waitFor();
    await bar.getByText("Event loop was blocked for").waitFor();
    expect(await bar.getAttribute("data-tone")).toBe("calm");
    expect(await page.getByRole("button", { name: "Follow" }).getAttribute("aria-pressed")).toBe("true");
    stop?.();
    // "cut · 4.210 s … window 0.000 s – 4.210 s": the window ends where the recording does.
    await expect
      .poll(() => page.getByRole("contentinfo").textContent(), { timeout: 10_000 })
      .toMatch(/^(?:cut|closed) · (?<length>[\d.]+ s).* – \k<length>$/);
    expect(complaints).toEqual([]);
  } finally {
    stop?.();
    await ended.catch(() => undefined);
  }
});

test("A deep link leads past the list, and an unknown recording says what to do", async () => {
  const { page, complaints } = await viewer.open();
  await page.goto(`${served.url}#/recording/nothing-here`);
  await page.getByRole("alert").getByText("not-found").waitFor();
  await page.getByRole("link", { name: "Back to the recordings" }).click();
  await page.getByRole("row", { name: /blocks-in-a-task/ }).waitFor();
  expect(complaints).toEqual([]);
});

test("A recording is deleted from the list, file and all", async () => {
  const second = createHome();
  try {
    await stallscope(second.path, ["run", "--quiet", "--node", process.execPath, PROGRAM]);
    await using other = await serve(second.path);
    const { page, complaints } = await viewer.open();
    await page.goto(other.url);
    await page.getByRole("row", { name: /blocks-in-a-task/ }).click();
    await page.keyboard.press("Delete");
    await page.getByRole("button", { name: "Delete the recording" }).click();
    await page.getByRole("heading", { name: "No recordings yet" }).waitFor();
    const { stdout } = await stallscope(second.path, ["list"]);
    expect(stdout).not.toContain("blocks-in-a-task");
    expect(complaints).toEqual([]);
  } finally {
    second.dispose();
  }
});
