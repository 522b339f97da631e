/** What `serve` and `run --open` print is an address that answers; the first start shows the example agent, live. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { recordingFiles } from "../../src-main/store/folder.ts";
import { createHome, stallscope } from "./stallscope.ts";

const homes: ReturnType<typeof createHome>[] = [];

afterAll(() => {
  for (const home of homes) home.dispose();
});

function newHome(): string {
  const home = createHome();
  homes.push(home);
  return home.path;
}

const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\S+/;

/** Starts the command, opens the address it prints as a browser would, then stops it. */
async function visit(
  home: string,
  args: readonly string[],
  from: "stdout" | "stderr",
): Promise<{ readonly code: number; readonly url: string; readonly page: Response; readonly stderr: string }> {
  let visited: Promise<{ url: string; page: Response }> | undefined;
  const ended = await stallscope(home, args, {
    onOutput(child, stdout, stderr) {
      const url = ADDRESS.exec(from === "stdout" ? stdout : stderr)?.[0];
      if (url === undefined || visited !== undefined) return;
      visited = fetch(url, { redirect: "manual" })
        .then((page) => ({ url, page }))
        .finally(() => child.kill("SIGTERM"));
    },
  });
  if (visited === undefined) throw new Error(`No address was printed.\n${ended.stdout}\n${ended.stderr}`);
  return { code: ended.code, stderr: ended.stderr, ...(await visited) };
}

test("a first start runs the example agent, opens on its recording, and stops without failure", async () => {
  const home = newHome();
  const recordings = join(home, "recordings");
  const first = await visit(home, ["serve", "--first-run"], "stdout");
  expect(first.stderr).toBe("There are no recordings yet: the example agent runs, and this shows it live.\n");
  expect(first.url).toMatch(/#\/recording\/\S+$/);
  expect(first.page.status).toBeLessThan(400);
  expect(first.code).toBe(0);
  expect(recordingFiles(recordings)).toHaveLength(1);

  const second = await visit(home, ["serve", "--first-run"], "stdout");
  expect(second.stderr).toBe("");
  expect(second.url).not.toContain("#/recording/");
  expect(second.code).toBe(0);
  expect(recordingFiles(recordings)).toHaveLength(1);
});

test("run --open prints the address of the live recording before the program ends", async () => {
  const home = newHome();
  const program = join(home, "waits.mjs");
  writeFileSync(program, "setInterval(() => undefined, 1000); process.on('SIGTERM', () => process.exit(7));\n");
  const run = await visit(home, ["run", "--quiet", "--open", program], "stderr");
  expect(run.url).toMatch(/#\/recording\/\S+$/);
  expect(run.page.status).toBeLessThan(400);
  expect(run.code).toBe(7);
});
