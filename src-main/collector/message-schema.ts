/**
 * What a message of a traced process must look like. The process is the user's program: whatever it sends, only this
 * shape gets past the session.
 */
import { z } from "zod";
import type { Attributes, Message } from "../../src-runtime/protocol/message.ts";

const id = z.number().int().min(0).max(0xffff_ffff);
const stamp = z.number();
const index = z.number().int().min(0);
const frame = z.tuple([z.string(), z.string(), z.number(), z.number()]).readonly();
const frames = z.array(frame).max(1000).readonly();
const attribute = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.array(z.string()).readonly(),
  z.array(z.number()).readonly(),
]);
const attributes = z.record(z.string(), attribute);
const sources = ["explicit", "deadline", "group", "parent", "signal", "shutdown", "abortSignal", "limit"] as const;

const messageSchema = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("hello"),
    protocol: z.number(),
    token: z.string(),
    clock: z.object({ now: z.number(), monoNs: z.number(), wallMs: z.number() }),
    pid: z.number().int(),
    ppid: z.number().int(),
    thread: z.number().int(),
    level: z.enum(["light", "tasks", "deep"]),
    thresholdMs: z.number().min(0),
    node: z.string(),
    platform: z.string(),
    arch: z.string(),
    execPath: z.string(),
    cwd: z.string(),
    program: z.string().optional(),
    argCount: z.number().int(),
    args: z.array(z.string()).readonly().optional(),
    title: z.string().optional(),
    notSeen: z.array(z.string()).readonly(),
  }),
  z.object({ t: z.literal("string"), id, text: z.string() }),
  z.object({ t: z.literal("attributes"), task: id, attributes }),
  z.object({
    t: z.literal("cancel"),
    id,
    at: stamp,
    source: z.enum(sources),
    reason: z.string(),
    by: id,
    site: frames.optional(),
    scope: id.optional(),
    task: id.optional(),
    due: stamp.optional(),
  }),
  z.object({ t: z.literal("site"), task: id, frames }),
  z.object({ t: z.literal("stallOpen"), beat: z.number().int(), at: stamp }),
  z.object({
    t: z.literal("sample"),
    beat: z.number().int(),
    at: stamp,
    tookMs: z.number(),
    frames,
    task: id,
    span: id,
  }),
  z.object({
    t: z.literal("profile"),
    beat: z.number().int(),
    at: stamp,
    intervalMs: z.number(),
    frames: z.array(z.tuple([z.string(), z.string(), z.number(), z.number(), z.number()]).readonly()).readonly(),
    nodes: z.array(z.tuple([index, z.number().int().min(-1)]).readonly()).readonly(),
    runs: z.array(z.tuple([index, z.number(), z.number().min(0)]).readonly()).readonly(),
  }),
  z.object({ t: z.literal("own"), what: z.enum(["start", "profile"]), at: stamp, ms: z.number().min(0) }),
  z.object({ t: z.literal("evidence"), beat: z.number().int(), figures: z.record(z.string(), z.number()) }),
  z.object({ t: z.literal("sourceMap"), file: z.string(), map: z.string() }),
  z.object({ t: z.literal("dropped"), byKind: z.record(z.string(), z.number()) }),
  z.object({ t: z.literal("trouble"), part: z.string(), error: z.string() }),
  z.object({ t: z.literal("notSeen"), what: z.string() }),
  z.object({ t: z.literal("alive"), at: stamp, lateMs: z.number() }),
  z.object({ t: z.literal("bye"), at: stamp, exitCode: z.number() }),
]);

export function isAttributes(value: unknown): value is Attributes {
  return attributes.safeParse(value).success;
}

/** The message, or what is wrong with it in a few words. */
export function parseMessage(value: unknown): { readonly message: Message } | { readonly problem: string } {
  const result = messageSchema.safeParse(value);
  if (result.success) return { message: result.data as Message };
  const issue = result.error.issues[0];
  return { problem: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}` };
}
