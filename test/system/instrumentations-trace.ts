/**
 * Runs a fixture program as a real process under the built tracer, and keeps what the collector made of it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtPart } from "../../src-main/build/cache.js";
import { startCollector } from "../../src-main/collector/collector.ts";
import type { Change } from "../../src-main/store/rows.ts";
import type { Attributes } from "../../src-runtime/protocol/message.ts";
import { COLLECTOR_VARIABLE, encodeConfig } from "../../src-runtime/tracer/config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const programs = join(root, "test/fixtures/programs/instrumentations");

export interface SeenTask {
  readonly id: number;
  readonly parent: number;
  readonly kind: string;
  readonly name: string;
  readonly origin: string;
  readonly created: number;
  readonly attributes: Attributes;
  readonly ended?: number;
  readonly outcome?: string;
  readonly error?: string;
  readonly firstChunk?: number;
  readonly chunks?: number;
}

export interface SeenCancellation {
  readonly cancel: number;
  readonly task: number;
  readonly source: string;
  readonly reason: string;
  readonly by: number;
  readonly stack: readonly { readonly function: string; readonly file: string; readonly line: number }[];
  readonly settled?: number;
  readonly ignored?: boolean;
}

export interface Traced {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** All that was sent to the collector, as it went over the socket. */
  readonly sent: string;
  readonly changes: readonly Change[];
  readonly tasks: readonly SeenTask[];
  readonly spans: readonly SeenTask[];
  readonly cancellations: readonly SeenCancellation[];
  readonly notSeen: readonly string[];
  /** The one task or span of that name. */
  task(name: string): SeenTask;
  span(name: string): SeenTask;
  /** Tasks whose parent is this one, as they began. */
  children(parent: SeenTask): readonly SeenTask[];
}

export interface TraceOptions {
  readonly captureContent?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function programPath(program: string): string {
  return join(programs, program);
}

/** Runs `<program>` of the fixtures to its end. */
export async function trace(program: string, options: TraceOptions = {}): Promise<Traced> {
  const built = await builtPart(root, "program");
  const changes: Change[] = [];
  const collector = await startCollector(
    { write: (batch) => void changes.push(...batch), handles: () => undefined, promises: () => undefined },
    (error) => {
      throw error;
    },
  );
  const relay = await listenBetween(collector.socket);
  try {
    const config = encodeConfig({
      socket: relay.socket,
      token: collector.token,
      level: "light",
      threshold: 50,
      captureContent: options.captureContent ?? false,
    });
    const child = spawn(process.execPath, [programPath(program), ...(options.args ?? [])], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ...options.env,
        NODE_OPTIONS: `--require ${JSON.stringify(join(built, "register.cjs"))}`,
        [COLLECTOR_VARIABLE]: config,
      },
    });
    const output = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    await relay.handedOn();
    await collector.drained(5000);
    return { code, ...output, sent: relay.sent(), ...view(changes) };
  } finally {
    relay.close();
    await collector.close();
  }
}

/** A socket that hands everything on to the collector's and keeps a copy. */
async function listenBetween(collector: string): Promise<{
  readonly socket: string;
  sent(): string;
  /** When everything that came has gone on to the collector. */
  handedOn(): Promise<unknown>;
  close(): void;
}> {
  const kept: Buffer[] = [];
  const ends: Promise<unknown>[] = [];
  const server = createServer((from) => {
    const to = connect(collector);
    from.on("data", (chunk) => kept.push(chunk));
    for (const socket of [from, to]) socket.on("error", () => socket.destroy());
    ends.push(once(to, "close"));
    from.pipe(to).pipe(from);
  });
  const name = `relay-${process.pid}-${process.hrtime.bigint()}`;
  const socket =
    process.platform === "win32" ? `\\\\.\\pipe\\${name}` : join(await mkdtemp(join(tmpdir(), "stallscope-")), "r");
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    sent: () => Buffer.concat(kept).toString("utf8"),
    async handedOn() {
      // A connection may still wait to be accepted.
      await setImmediate();
      await setImmediate();
      await Promise.all(ends);
    },
    close: () => void server.close(),
  };
}

function view(changes: readonly Change[]): Omit<Traced, "code" | "stdout" | "stderr" | "sent"> {
  const tasks = new Map<number, SeenTask>();
  const spans = new Map<number, SeenTask>();
  const cancellations = new Map<number, SeenCancellation>();
  const notSeen: string[] = [];
  const change = <T extends object>(rows: Map<number, T>, id: number, more: (row: T) => Partial<T>): void => {
    const row = rows.get(id);
    if (row !== undefined) rows.set(id, { ...row, ...more(row) });
  };
  for (const said of changes) {
    if (said.do === "task") tasks.set(said.row.id, { ...said.row, attributes: {} });
    else if (said.do === "span") {
      const { id, task, name, start } = said.row;
      spans.set(id, { id, parent: task, kind: "span", name, origin: "otel", created: start, attributes: {} });
    } else if (said.do === "taskAttributes")
      change(tasks, said.task, (row) => ({ attributes: { ...row.attributes, ...said.attributes } }));
    else if (said.do === "spanAttributes")
      change(spans, said.span, (row) => ({ attributes: { ...row.attributes, ...said.attributes } }));
    else if (said.do === "taskChunks")
      change(tasks, said.task, () => ({ firstChunk: said.firstChunk, chunks: said.chunks }));
    else if (said.do === "endTask") change(tasks, said.task, () => ended(said));
    else if (said.do === "endSpan") change(spans, said.span, () => ended(said));
    else if (said.do === "cancellation") cancellations.set(said.row.id, said.row);
    else if (said.do === "settleCancellation")
      change(cancellations, said.cancellation, () => ({ settled: said.at, ignored: said.ignored }));
    else if (said.do === "notSeen") notSeen.push(said.what);
  }
  const all = [...tasks.values()];
  return {
    changes,
    tasks: all,
    spans: [...spans.values()],
    cancellations: [...cancellations.values()],
    notSeen,
    task: (name) => only(all, name),
    span: (name) => only([...spans.values()], name),
    children: (parent) => all.filter((task) => task.parent === parent.id),
  };
}

function ended(said: { readonly at: number; readonly outcome: string; readonly error?: string }): Partial<SeenTask> {
  return { ended: said.at, outcome: said.outcome, ...(said.error === undefined ? {} : { error: said.error }) };
}

function only(rows: readonly SeenTask[], name: string): SeenTask {
  const [found, second] = rows.filter((row) => row.name === name);
  if (found === undefined || second !== undefined) {
    throw new Error(`Expected one "${name}" among: ${rows.map((row) => `${row.kind} ${row.name}`).join(", ")}`);
  }
  return found;
}
