/** What the peers report, in the scorer's shape. */
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { ROOT } from "../programs.ts";
import type { Blamed, Reported } from "../score.ts";

/** Lines `{at, durationMs, thread, stack: ["    at name (file:line:column)"]}`. */
export function fromBlockedAt(text: string): readonly Reported[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { at, durationMs, thread, stack } = JSON.parse(line) as {
      readonly at: number;
      readonly durationMs: number;
      readonly thread: number;
      readonly stack: readonly string[];
    };
    const frames = stack.flatMap((frame) => {
      const match = /^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/.exec(frame);
      return match === null ? [] : site(match[1] ?? "", match[2] ?? "", Number(match[3]), Number(match[4]));
    });
    return {
      thread,
      phase: "run",
      at,
      durationMs,
      blame: frames[0] ?? null,
      stack: frames,
      cause: null,
      capturedDuring: false,
    };
  });
}

interface SentryEvent {
  readonly exception?: {
    readonly values: readonly {
      readonly type: string;
      readonly thread_id?: string;
      readonly stacktrace?: { readonly frames?: readonly SentryFrame[] };
    }[];
  };
}

interface SentryFrame {
  readonly function?: string;
  readonly filename?: string;
  readonly lineno?: number;
  readonly colno?: number;
}

/** Takes the envelopes of one run. */
export async function startSentryServer(): Promise<{
  readonly url: string;
  readonly close: () => Promise<readonly Reported[]>;
}> {
  const reports: Reported[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const bytes = Buffer.concat(parts);
      const text = (request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes).toString();
      reports.push(...fromEnvelope(text));
      response.end("{}");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      await new Promise((closed) => {
        server.close(closed);
        server.closeIdleConnections();
      });
      return reports;
    },
  };
}

function fromEnvelope(text: string): readonly Reported[] {
  const [head = "{}", ...items] = text.split("\n");
  const at = Date.parse((JSON.parse(head) as { readonly sent_at?: string }).sent_at ?? "");
  return items.flatMap((item): Reported[] => {
    if (!item.includes('"EventLoopBlocked"')) return [];
    const blocked = (JSON.parse(item) as SentryEvent).exception?.values[0];
    if (blocked?.type !== "EventLoopBlocked") return [];
    const stack = (blocked.stacktrace?.frames ?? [])
      .toReversed()
      .flatMap((frame) => site(frame.function ?? "", frame.filename ?? "", frame.lineno ?? 0, frame.colno ?? 1));
    const thread = Number(blocked.thread_id ?? 0);
    return [
      { thread, phase: "run", at, durationMs: null, blame: stack[0] ?? null, stack, cause: null, capturedDuring: true },
    ];
  });
}

/** Nothing for a frame of Node's own. Where a file has a source map, by it: Sentry's server would. */
function site(name: string, path: string, line: number, column: number): readonly Blamed[] {
  // blocked-at means to leave its own frame out, by a file name that Node no longer has.
  if (/node_modules\/blocked-at\//.test(path)) return [];
  if (path === "" || path.startsWith("node:") || path.includes("<anonymous>")) return [];
  const full = path.startsWith("file:") ? fileURLToPath(path) : path;
  const file = relative(ROOT, full);
  const from = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? null;
  if (/corpus\/programs\/(?:bundled|minified)\.mjs$/.test(full)) {
    const found = originalPositionFor(new TraceMap(mapOf(full)), { line, column: column - 1 });
    if (found.source !== null) {
      const original = relative(ROOT, resolve(dirname(full), found.source));
      return [{ function: found.name ?? name, file: original, line: found.line, package: from }];
    }
  }
  return [{ function: name, file, line, package: from }];
}

function mapOf(file: string): string {
  const source = readFileSync(file, "utf8");
  const url = /\/\/# sourceMappingURL=(\S+)/.exec(source)?.[1] ?? "";
  const inline = /^data:.*?;base64,(.*)$/.exec(url)?.[1];
  if (inline !== undefined) return Buffer.from(inline, "base64").toString();
  const beside = join(dirname(file), url);
  return existsSync(beside) ? readFileSync(beside, "utf8") : "{}";
}
