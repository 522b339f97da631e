import { describe, expect, it } from "vitest";
import { spanAttributes } from "../../../../src-runtime/tracer/instrumentations/otel-attributes.ts";
import { addressOf, cleanUrl } from "../../../../src-runtime/tracer/instrumentations/url.ts";

describe("addresses", () => {
  it.each([
    ["https://user:secret@host:8443/a/b?key=secret&page=2#secret", "https://host:8443/a/b?key=…&page=…"],
    ["http://host/?secret", "http://host/?…"],
    ["/a?key=secret#secret", "/a?key=…"],
    ["/a/b", "/a/b"],
    ["user:secret@host/a?b=secret", "host/a?b=…"],
    ["postgres://user:secret@db/name?sslkey=secret", "postgres://db/name?sslkey=…"],
  ])("%s loses its secrets", (given, cleaned) => {
    expect(cleanUrl(given)).toBe(cleaned);
  });

  it("are put together from an origin and a path, or taken from a proxy's whole URL", () => {
    expect(addressOf("https://host", "/a?b=secret")).toEqual({
      full: "https://host/a?b=…",
      name: "host/a",
      host: "host",
      port: 443,
    });
    expect(addressOf("http://proxy:3128", "http://user:secret@host/a")).toMatchObject({
      full: "http://host/a",
      name: "host/a",
      port: 80,
    });
    expect(addressOf("not an origin", "/a")).toEqual({ full: "", name: "", host: "", port: 0 });
  });
});

describe("span attributes", () => {
  const given = {
    "gen_ai.request.model": "m",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.prompt.0.content": "secret",
    "gen_ai.input.messages": "secret",
    "ai.prompt": "secret",
    "ai.response.text": "secret",
    "ai.toolCall.args": "secret",
    "ai.model.id": "m",
    "ai.usage.tokens": 3,
    "input.value": "secret",
    "llm.input_messages.0.message.content": "secret",
    "llm.token_count.prompt": 5,
    "traceloop.entity.input": "secret",
    "db.statement": "secret",
    "http.request.header.authorization": ["secret"],
    "http.url": "http://user:secret@host/?key=secret",
    "url.query": "key=secret",
    "tool.arguments": "secret",
    "app.list": ["a", "b"],
    "app.counts": [1, 2],
    "app.isReady": true,
    "app.object": { nested: "secret" },
    "app.nothing": undefined,
    "app.apiKey": "secret",
  };

  it("keep names and numbers, and lose contents and secrets", () => {
    expect(spanAttributes(given, false)).toEqual({
      "gen_ai.request.model": "m",
      "gen_ai.usage.input_tokens": 7,
      "ai.model.id": "m",
      "ai.usage.tokens": 3,
      "llm.token_count.prompt": 5,
      "http.url": "http://host/?key=…",
      "app.list": ["a", "b"],
      "app.counts": [1, 2],
      "app.isReady": true,
    });
  });

  it("keep contents when they are captured, and lose secrets all the same", () => {
    const kept = spanAttributes(given, true);
    expect(kept).toMatchObject({
      "gen_ai.input.messages": "secret",
      "ai.response.text": "secret",
      "tool.arguments": "secret",
    });
    expect(kept["http.url"]).toBe("http://host/?key=…");
    expect(Object.keys(kept)).not.toContain("app.apiKey");
  });

  it("are bounded in number and length", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`app.n${n}`, "x".repeat(5000)]));
    const kept = Object.values(spanAttributes(many, false));
    expect(kept).toHaveLength(64);
    expect(kept[0]).toHaveLength(1000);
  });
});
