/** Validates a tool's large output with zod. */
import { z } from "zod";
import { openTruth } from "../truth.mjs";
import { records } from "./text.mjs";

const truth = openTruth("programs/validate-zod.ts");
const Output = z.array(
  z.object({
    id: z.number().int(),
    name: z.string().min(1),
    score: z.number().min(0).max(1),
    tags: z.array(z.string()).max(10),
    nested: z.object({ url: z.string().url(), at: z.number(), ok: z.boolean() }),
  }),
);

function checkOutput(value: unknown): number {
  return Output.parse(value).length;
}

const base = records(500);
const outputs = (count: number): unknown => Array.from({ length: count }, (_, index) => base[index % 500]);
const value = outputs(await truth.size("output", 240, checkOutput, outputs));
await truth.pause();
truth.stall("output", { function: "checkOutput", package: "zod" }, () => checkOutput(value));
await truth.pause();
