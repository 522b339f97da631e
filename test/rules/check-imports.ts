/**
 * Holds sources against the import rules. Pure: from sources and rules to what breaks them, so that a planted breach
 * tests it. It sees every way of naming another module: import, export from, import(), import types and require.
 */
import { builtinModules } from "node:module";
import { posix } from "node:path";
import { parseSync, Visitor } from "rolldown/utils";
import type { Area } from "./import-rules.ts";

export interface ImportCheck {
  /** `file → import`, with why. */
  readonly breaches: readonly { readonly what: string; readonly why: string }[];
  /** Imports held against a rule, by area. */
  readonly checked: ReadonlyMap<string, number>;
}

/** @param sources source text by path from the root of the project, with forward slashes. */
export function checkImports(sources: ReadonlyMap<string, string>, areas: readonly Area[]): ImportCheck {
  const breaches: { what: string; why: string }[] = [];
  const checked = new Map<string, number>();
  for (const [file, source] of sources) {
    const area = areaOf(file, areas);
    if (area === undefined) {
      breaches.push({ what: file, why: "is in no area of the import rules" });
      continue;
    }
    for (const name of importsOf(file, source)) {
      checked.set(area.path, (checked.get(area.path) ?? 0) + 1);
      const why = objection(file, name, area, areas);
      if (why !== undefined) breaches.push({ what: `${file} → ${name}`, why });
    }
  }
  return { breaches, checked };
}

function objection(file: string, name: string, area: Area, areas: readonly Area[]): string | undefined {
  if (!name.startsWith(".")) {
    const packageName = packageOf(name);
    return area.packages.includes(packageName) ? undefined : `${area.path} may not import ${packageName}`;
  }
  const target = posix.join(posix.dirname(file), name);
  const targetArea = areaOf(target, areas);
  if (targetArea?.path === area.path) return undefined;
  if (area.ours.some((allowed) => isWithin(target, allowed))) return undefined;
  return `${area.path} may not import ${targetArea?.path ?? "what is outside the sources"}`;
}

function areaOf(file: string, areas: readonly Area[]): Area | undefined {
  return areas.filter((area) => isWithin(file, area.path)).sort((a, b) => b.path.length - a.path.length)[0];
}

function isWithin(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

function packageOf(name: string): string {
  if (name.startsWith("node:") || builtinModules.includes(name)) return "node:";
  return name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
}

function importsOf(file: string, source: string): readonly string[] {
  const names: string[] = [];
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} could not be parsed: ${errors[0]?.message ?? ""}`);
  const add = (node: { readonly type: string } | null | undefined): void => {
    if (node?.type === "Literal" && "value" in node && typeof node.value === "string") names.push(node.value);
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    CallExpression(node) {
      if (node.callee.type === "Identifier" && node.callee.name === "require") add(node.arguments[0]);
    },
  }).visit(program);
  return names;
}
