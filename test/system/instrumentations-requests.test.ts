import { describe, expect, it } from "vitest";
import { trace } from "./instrumentations-trace.ts";

describe("fetch", () => {
  it("gives every request a task with its status, chunks and end, and none of its secrets", async () => {
    const traced = await trace("fetches.mjs");
    expect(traced.stderr).toBe("");
    expect(traced.stdout).toBe("hello world\n500\nplanted-reason\nECONNREFUSED\n");

    const requests = traced.tasks.filter(({ kind }) => kind === "request");
    expect(requests.map(({ name, outcome, error }) => [name.replace(/:\d+/, ""), outcome, error])).toEqual([
      ["GET 127.0.0.1/stream", "completed", undefined],
      ["POST 127.0.0.1/broken", "failed", "HTTP 500"],
      ["GET 127.0.0.1/hanging", "cancelled", "Error"],
      ["GET 127.0.0.1/hanging/given-up", "cancelled", "AbortError"],
      ["GET 127.0.0.1/refused", "failed", "ECONNREFUSED"],
    ]);
    const [stream] = requests;
    expect(stream?.origin).toBe("fetch");
    expect(stream?.chunks).toBe(2);
    expect(stream?.firstChunk).toBeLessThan(stream?.ended ?? 0);
    expect(stream?.attributes).toEqual({
      "http.request.method": "GET",
      "url.full": expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/stream\?key=…&page=…$/) as unknown,
      "server.address": "127.0.0.1",
      "server.port": expect.any(Number) as unknown,
      "http.response.status_code": 200,
    });
    expect(JSON.stringify(traced.changes)).not.toContain("planted");
  });
});

describe("node:http", () => {
  it("ties what a handler asks for to the request it answers, on kept-alive connections too", async () => {
    const traced = await trace("https.mjs");
    expect(traced.stderr).toBe("");
    expect(traced.stdout).toBe("front of back\nfront of back\nno\nAbortError\nECONNRESET\n");

    const sides = (origin: string): readonly string[][] =>
      traced.tasks
        .filter((task) => task.origin === origin)
        .map(({ name, outcome, error }) => [name.replace(/:\d+/, ""), outcome ?? "open", error ?? ""]);
    expect(sides("http-server")).toEqual([
      ["GET 127.0.0.1/front", "completed", ""],
      ["GET 127.0.0.1/back", "completed", ""],
      ["GET 127.0.0.1/front", "completed", ""],
      ["GET 127.0.0.1/back", "completed", ""],
      ["GET 127.0.0.1/broken", "failed", "HTTP 503"],
      ["GET 127.0.0.1/hanging", "cancelled", ""],
    ]);
    expect(sides("http")).toEqual([
      ["GET 127.0.0.1/front", "completed", ""],
      ["GET 127.0.0.1/back", "completed", ""],
      ["GET 127.0.0.1/front", "completed", ""],
      ["GET 127.0.0.1/back", "completed", ""],
      ["GET 127.0.0.1/broken", "failed", "HTTP 503"],
      ["GET 127.0.0.1/hanging", "cancelled", "AbortError ABORT_ERR"],
    ]);
    const fronts = traced.tasks.filter(({ name, origin }) => origin === "http-server" && name.endsWith("/front"));
    const backs = traced.tasks.filter(({ name, origin }) => origin === "http" && name.endsWith("/back"));
    expect(backs.map(({ parent }) => parent)).toEqual(fronts.map(({ id }) => id));
    expect(backs[0]?.chunks).toBe(2);
    expect(traced.tasks.filter(({ origin, parent }) => origin === "http-server" && parent !== 0)).toEqual([]);
    const outer = traced.tasks.filter(({ origin, name }) => origin === "http" && !name.endsWith("/back"));
    expect(outer.map(({ parent }) => parent)).toEqual([0, 0, 0, 0]);
    expect(backs[0]?.attributes["url.full"]).toMatch(/\/back\?key=…$/);
    expect(JSON.stringify(traced.changes)).not.toContain("planted");
  });
});
