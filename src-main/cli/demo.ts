/** `stallscope demo`: a bundled example agent under tracing, offline. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { BuiltParts } from "../launch/built-parts.ts";
import { findNode } from "../launch/find-node.ts";
import { resolveTarget } from "../launch/target.ts";
import { CliError } from "./failure.ts";

const DEFAULT = "research-agent";

interface DemoOptions {
  readonly out?: string;
  readonly quiet?: boolean;
  readonly open?: boolean;
}

export function addDemo(program: Command, parts: BuiltParts): void {
  program
    .command("demo")
    .summary("run a bundled example agent under tracing, offline")
    .description("Runs a bundled example agent under tracing, offline.")
    .argument("[name]", "the example, such as patterns/agent-team", DEFAULT)
    .option("-o, --out <file>", "recording to write (default: the recordings folder)")
    .option("--quiet", "no summary")
    .option("--open", "open the viewer on the live recording")
    .action(async (name: string, options: DemoOptions) => {
      const file = join(parts.examplesDir, `${name}${parts.exampleExtension}`);
      if (!/^(?:patterns\/)?[\w-]+$/.test(name) || !existsSync(file)) {
        throw new CliError(127, `There is no example ${name}.`, `There are: ${names(parts).join(", ")}.`);
      }
      const node = findNode(undefined, process.env);
      const target = resolveTarget([file], false, () => node, process.env);
      // Only what records needs the collector.
      const { record } = await import("./record.ts");
      process.exitCode = await record(target, node.from, parts, {
        level: "tasks",
        thresholdMs: 50,
        captureContent: false,
        out: options.out,
        json: false,
        report: undefined,
        quiet: options.quiet === true,
        open: options.open === true,
        failOnStall: undefined,
      });
    });
}

function names(parts: BuiltParts): readonly string[] {
  const inFolder = (folder: string): readonly string[] =>
    readdirSync(join(parts.examplesDir, folder))
      .filter((name) => name.endsWith(parts.exampleExtension))
      .map((name) => `${folder}${name.slice(0, -parts.exampleExtension.length)}`)
      .sort();
  return [...inFolder(""), ...inFolder("patterns/")];
}
