/** The server lets in whoever has the token, from its own origin, and no path of a request reaches the disk. */
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { createBirpc } from "birpc";
import { Packr } from "msgpackr";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RecordingApi, RecordingNotice, ViewerNotices } from "../../../src-main/api/api.ts";
import { createCatalog } from "../../../src-main/server/catalog.ts";
import { createHost, type Host } from "../../../src-main/server/host.ts";
import { startHttp, type HttpServer } from "../../../src-main/server/http.ts";
import { createRecordingWriter } from "../../../src-main/store/writer.ts";
import { drawRecording, inFolder, newMeta } from "../../fixtures/drawn-recording.ts";
import { STORY } from "../../fixtures/golden/story.ts";

let folder = "";
let host: Host;
let server: HttpServer;
let release: () => void;
let done: Promise<void>;

beforeEach(async () => {
  await new Promise<void>((ready) => {
    done = inFolder(async (made) => {
      folder = made;
      const renderer = join(folder, "renderer");
      mkdirSync(renderer);
      writeFileSync(join(renderer, "index.html"), "<!doctype html><title>Stallscope</title>");
      writeFileSync(join(folder, "secret.txt"), "secret");
      host = createHost(createCatalog(folder, []), () => Promise.reject(new Error("no example here")));
      server = await startHttp(host, renderer, 0);
      ready();
      await new Promise<void>((resolve) => (release = resolve));
      await server.close();
      host.close();
    });
  });
});

afterEach(async () => {
  release();
  await done;
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, headers }, (response) => {
      let body = "";
      response.on("data", (text) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function cookie(): Promise<string> {
  const { search } = new URL(server.url);
  const { headers } = await get(`/${search}`);
  return headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
}

describe("pages", () => {
  test("the token becomes a cookie that scripts can't read, and leaves the address", async () => {
    const { status, headers } = await get(`/${new URL(server.url).search}`);
    expect(status).toBe(302);
    expect(headers["location"]).toBe("/");
    expect(headers["set-cookie"]?.[0]).toMatch(/^stallscope-\d+=[\w-]{32}; HttpOnly; SameSite=Lax; Path=\/$/);
    const page = await get("/", { cookie: await cookie() });
    expect(page).toMatchObject({ status: 200, body: "<!doctype html><title>Stallscope</title>" });
    expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'/);
    expect(page.headers["x-content-type-options"]).toBe("nosniff");
  });

  test.each([
    ["without the token", "/", {}, 401],
    ["with a wrong token", "/?token=wrong", {}, 401],
    ["with a wrong cookie", "/", { cookie: "stallscope-1=x" }, 401],
    ["under another host's name (DNS rebinding)", "/", { host: "evil.example" }, 403],
    ["from another origin", "/", { origin: "http://evil.example" }, 403],
  ])("%s nothing is served", async (_name, path, headers, status) => {
    const answer = await get(path, headers);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain("<!doctype");
  });

  test.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "//etc/passwd",
    "/renderer/index.html",
    "/a.stallscope",
  ])("%s is no page", async (path) => {
    expect(await get(path, { cookie: await cookie() })).toMatchObject({
      status: 404,
      body: "There is no such page.\n",
    });
  });
});

type Viewer = RecordingApi & { close(): void };

async function view(notices: ViewerNotices, headers: Record<string, string>): Promise<Viewer> {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, { headers });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  const packr = new Packr({ moreTypes: true });
  const rpc = createBirpc<RecordingApi, ViewerNotices>(notices, {
    post: (data: Uint8Array) => socket.send(data),
    on: (listener) => socket.on("message", listener),
    serialize: (message: unknown) => packr.pack(message),
    deserialize: (bytes: Uint8Array) => packr.unpack(bytes) as unknown,
  });
  return new Proxy({} as Viewer, {
    get: (_target, name) =>
      name === "close"
        ? () => socket.close()
        : name === "then"
          ? undefined
          : (...args: readonly unknown[]) => rpc.$call(name as never, ...(args as never)),
  });
}

const silent: ViewerNotices = { changed: () => undefined, listChanged: () => undefined };

async function ours(): Promise<Record<string, string>> {
  return { cookie: await cookie(), origin: `http://127.0.0.1:${server.port}` };
}

describe("the RecordingApi over the socket", () => {
  test.each(["cookie", "origin"])("is closed to whoever has no %s", async (missing) => {
    const headers = await ours();
    delete headers[missing];
    await expect(view(silent, headers)).rejects.toThrow("403");
    await expect(view(silent, { ...(await ours()), origin: "http://evil.example" })).rejects.toThrow("403");
  });

  test("answers columns, and refuses in sentences", async () => {
    drawRecording(join(folder, "a.stallscope"), STORY, { state: "closed", exitCode: 0 });
    writeFileSync(join(folder, "broken.stallscope"), "not a recording at all".repeat(20));
    const api = await view(silent, await ours());
    const rows = await api.recordings();
    expect(rows.map(({ name, error }) => [name, error?.code])).toEqual([
      ["broken", "foreign"],
      ["agent", undefined],
    ]);
    const id = rows[1]?.id ?? "";
    const overview = await api.overview(id);
    expect(overview.sentence.parts.map(({ text }) => text).join("")).toContain("100 ms in parsePdf()");
    const tracks = await api.tracks(id);
    expect(tracks.id).toBeInstanceOf(Float64Array);
    expect([...tracks.end].filter(Number.isNaN).length).toBeGreaterThan(0);
    const tile = await api.tile(id, { tracks: [...tracks.id], from: 0, to: 300e6, resolution: 1e5 });
    expect(tile.start).toBeInstanceOf(Float64Array);
    expect((await api.strip(id, 1, 0, 260e6, 26)).busy).toHaveLength(26);
    expect(await api.details(id, { kind: "stall", id: overview.stalls[0]?.id ?? 0 })).toMatchObject({
      kind: "stall",
      evidence: { cpuRatio: 0.97 },
    });
    expect(await api.stuck(id)).toMatchObject({ state: "closed", pending: [{ task: { name: "gpt" } }], cycles: [] });
    const profile = JSON.parse(await api.exportStall(id, overview.stalls[0]?.id ?? 0)) as { nodes: unknown[] };
    expect(JSON.stringify(profile.nodes)).toContain('"functionName":"parsePdf"');

    await expect(api.overview("nowhere")).rejects.toMatchObject({ code: "not-found" });
    await expect(api.overview("../../etc/passwd")).rejects.toMatchObject({ code: "not-found" });
    await expect(api.overview(rows[0]?.id ?? "")).rejects.toMatchObject({ code: "foreign", hint: expect.any(String) });
    await expect(api.exportStall(id, 999)).rejects.toMatchObject({ code: "not-found" });
    await expect(api.exportStall(id, "1" as never)).rejects.toMatchObject({ code: "bad-request" });
    await expect(api.stuck("nowhere")).rejects.toMatchObject({ code: "not-found" });
    await expect(api.details(id, { kind: "task", id: 1 })).rejects.toMatchObject({ code: "not-found" });
    await expect(api.tile(id, { tracks: ["x"], from: 0, to: 1, resolution: 1 } as never)).rejects.toMatchObject({
      code: "bad-request",
    });
    await expect(api.runDemo()).rejects.toMatchObject({
      code: "failed",
      message: "Stallscope failed: no example here",
    });
    await expect((api as unknown as Record<string, () => Promise<unknown>>)["constructor"]?.()).rejects.toBeDefined();
    await api.remove(id);
    expect(await api.recordings()).toHaveLength(1);
    api.close();
  });

  test("tells of every batch of a live recording, and of its end", async () => {
    const path = join(folder, "live.stallscope");
    const writer = createRecordingWriter(path, newMeta());
    let hear: (notice: RecordingNotice) => void = () => undefined;
    const next = (want: (notice: RecordingNotice) => boolean): Promise<RecordingNotice> =>
      new Promise((resolve) => (hear = (notice) => void (want(notice) && resolve(notice))));
    const api = await view({ ...silent, changed: (notice) => hear(notice) }, await ours());
    const id = (await api.recordings())[0]?.id ?? "";
    const first = next(({ state }) => state === "live");
    await api.watch(id);
    const { version } = await first;
    const second = next((notice) => notice.version > version);
    writer.write([{ do: "notSeen", what: "anything" }], 5e6);
    expect(await second).toMatchObject({ recording: id, state: "live", end: 5e6 });
    await expect(api.remove(id)).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("is being written"),
    });
    const last = next(({ state }) => state === "closed");
    writer.finish({ state: "closed" });
    await last;
    api.close();
  });

  test("a page that talks nonsense is cut off, and the server goes on", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/rpc`, { headers: await ours() });
    await new Promise<void>((resolve) => socket.once("open", () => resolve()));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.send(Buffer.from([0xc1, 0xff, 0xff, 0x00]));
    socket.send(Buffer.alloc(2 * 1024 * 1024));
    await closed;
    const api = await view(silent, await ours());
    expect(await api.recordings()).toEqual([]);
    api.close();
  });
});
