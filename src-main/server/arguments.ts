/** What a page may ask with: every argument is foreign data. */
import { z } from "zod";
import type { RecordingApi } from "../api/api.ts";
import { Refusal } from "./refusal.ts";

const id = z.string().min(1).max(100);
const time = z.number();
const MAX_TRACKS = 5000;
const MAX_PROMISES = 20_000;
const MAX_BUCKETS = 20_000;

const ARGUMENTS: Readonly<Record<keyof RecordingApi, z.ZodType<readonly unknown[]>>> = {
  recordings: z.tuple([]),
  remove: z.tuple([id]),
  overview: z.tuple([id]),
  tracks: z.tuple([id]),
  tile: z.tuple([
    id,
    z.object({
      tracks: z.array(z.number().int()).max(MAX_TRACKS),
      from: time,
      to: time,
      resolution: z.number().min(0),
    }),
  ]),
  strip: z.tuple([id, z.number().int(), time, time, z.number().int().min(1).max(MAX_BUCKETS)]),
  details: z.tuple([id, z.object({ kind: z.enum(["task", "span", "stall"]), id: z.number().int() })]),
  stuck: z.tuple([id]),
  exportStall: z.tuple([id, z.number().int()]),
  promiseTasks: z.tuple([id, z.object({ from: time, to: time, limit: z.number().int().min(1).max(MAX_PROMISES) })]),
  runDemo: z.tuple([]),
  watch: z.tuple([z.string().max(100)]),
};

export function parseArguments(method: keyof RecordingApi, args: readonly unknown[]): readonly unknown[] {
  const result = ARGUMENTS[method].safeParse(args);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Refusal({
    code: "bad-request",
    message: `${method}: ${issue?.message ?? "wrong arguments"}`,
    hint: "Reload the page.",
  });
}
