/** The programs of the corpus, and how each is started. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CORPUS = "test/corpus";
/** What programs share. */
const NOT_A_PROGRAM = new Set(["text.mjs"]);
/** Needs more than Node's own type stripping. */
const NEEDS_TSX = /^tsx-/;

export interface Program {
  /** As `csv-import` or `control: streams`. */
  readonly name: string;
  /** From the root of the checkout. */
  readonly file: string;
  readonly isControl: boolean;
  readonly flags: readonly string[];
}

/** Those whose name holds one of the words; all without words. */
export function programs(words: readonly string[] = []): readonly Program[] {
  const all = [...programsIn("programs", false), ...programsIn("controls", true)];
  return words.length === 0 ? all : all.filter(({ name }) => words.some((word) => name.includes(word)));
}

function programsIn(folder: string, isControl: boolean): readonly Program[] {
  return readdirSync(join(ROOT, CORPUS, folder))
    .filter((file) => /\.(?:mjs|cjs|ts)$/.test(file) && !NOT_A_PROGRAM.has(file))
    .sort()
    .map((file) => ({
      name: `${isControl ? "control: " : ""}${basename(file).replace(/\.\w+$/, "")}`,
      file: `${CORPUS}/${folder}/${file}`,
      isControl,
      flags: NEEDS_TSX.test(file) ? ["--import", "tsx"] : [],
    }));
}
