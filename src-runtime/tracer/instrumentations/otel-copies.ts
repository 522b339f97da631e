/**
 * The copy of the OpenTelemetry API that asks for the global before anyone registered: its own module instance, found
 * by the file of the function that asks (`internal/global-utils` in each release).
 *
 * Invariant: nothing of the program is loaded that it has not loaded itself; a file that is not the API's own layout
 * (a copy bundled into the program) is left alone.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CallSites } from "./call-sites.ts";
import type { OtelContext, OtelTracer } from "./otel-spans.ts";

const UTILS = /^(.*)[\\/](build[\\/]src|dist)[\\/]internal[\\/]global-utils\.(js|cjs|mjs)$/;
/** Stacks taken to find copies, at most: after that the program pays nothing for asking. */
const MAX_LOOKS = 500;
/** Times an unknown file may ask before we say that it is not seen: registering asks too. */
const MAX_UNKNOWN = 20;

export interface ProxyProvider {
  getDelegateTracer?(name: string, ...more: readonly unknown[]): OtelTracer | undefined;
  getDelegate?(): { getTracer(name: string, ...more: readonly unknown[]): OtelTracer };
  getTracer(name: string, ...more: readonly unknown[]): OtelTracer;
}

export interface ContextApi {
  with(context: OtelContext, ...more: readonly unknown[]): unknown;
}

export interface ApiCopy {
  readonly proxy: ProxyProvider;
  readonly context: ContextApi;
}

/** Looks who asks, on behalf of the given function of ours. */
export type FindCopy = (below: (...args: never[]) => unknown) => void;

export function createFindCopy(sitesBelow: CallSites, onCopy: (copy: ApiCopy) => void, onUnseen: () => void): FindCopy {
  const known = new Set<string>();
  let looks = 0;
  let unknown = 0;

  return (below) => {
    if (looks >= MAX_LOOKS) return;
    looks++;
    const file = sitesBelow(below)[0]?.[1] ?? "";
    if (known.has(file)) return;
    const entry = entryOf(file);
    if (entry === undefined) {
      unknown++;
      if (unknown < MAX_UNKNOWN) return;
      looks = MAX_LOOKS;
      onUnseen();
      return;
    }
    const copy = loaded(entry);
    if (copy === undefined) return;
    known.add(file);
    onCopy(copy);
  };
}

function entryOf(file: string): string | undefined {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  const [, root = "", folder = "", extension = ""] = UTILS.exec(path) ?? [];
  if (root === "") return undefined;
  try {
    const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly name?: unknown };
    return name === "@opentelemetry/api" ? join(root, folder, `index.${extension}`) : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined while it is still being loaded: it will ask again. */
function loaded(entry: string): ApiCopy | undefined {
  const require = createRequire(join(dirname(entry), "stallscope"));
  if (!entry.endsWith(".mjs") && require.cache[entry]?.loaded !== true) return undefined;
  try {
    const { trace, context } = require(entry) as {
      readonly trace?: { readonly _proxyTracerProvider?: ProxyProvider };
      readonly context?: ContextApi;
    };
    const proxy = trace?._proxyTracerProvider;
    return proxy === undefined || context === undefined ? undefined : { proxy, context };
  } catch {
    return undefined;
  }
}
