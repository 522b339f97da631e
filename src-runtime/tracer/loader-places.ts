/**
 * Where a place of transformed code is in the sources, for loaders whose source maps only their own formatter of stacks
 * knows (vitest's module runner, jest, `source-map-support`). The formatter is asked with call sites of our making, one
 * a place, and answers in text:
 *
 *     ["/app/a.ts", 3, 7]  ──▶  Error.prepareStackTrace  ──▶  "Error: \n    at /app/a.ts:12:5"
 *
 * Only formatters of these families are called: any other is the program's, and may do anything.
 */
export type Place = readonly [file: string, line: number, column: number];

/**
 * All families call their own `wrapCallSite`; jest's is bound, which hides it, and Babel, which jest loads after it,
 * puts one around it that leaves out frames of its own.
 */
const FORMATTER = /\bwrapCallSite\(|\bvirtualFrames\.has\(/;
const BOUND_FORMATTER = "bound formatStackTrace";
const LINE = /^ {4}at (?:[^(]*\((.+):(\d+):(\d+)\)|(.+):(\d+):(\d+))$/;

export interface LoaderPlaces {
  /** A formatter of a known family is installed. */
  isKnown(): boolean;
  /** One for each place, itself where nothing is known of it. */
  map(places: readonly Place[]): readonly Place[];
}

export function createLoaderPlaces(): LoaderPlaces {
  const ErrorConstructor = Error;
  const sourceOf = Function.prototype.toString;
  const judged: { hook: unknown; isKnown: boolean } = { hook: undefined, isKnown: false };

  function formatter(): ((error: unknown, sites: readonly unknown[]) => unknown) | undefined {
    const hook: unknown = Object.getOwnPropertyDescriptor(ErrorConstructor, "prepareStackTrace")?.value;
    if (typeof hook !== "function") return undefined;
    if (hook !== judged.hook) {
      judged.hook = hook;
      judged.isKnown = hook.name === BOUND_FORMATTER || FORMATTER.test(sourceOf.call(hook));
    }
    return judged.isKnown ? (hook as ReturnType<typeof formatter>) : undefined;
  }

  return {
    isKnown: () => formatter() !== undefined,
    map(places) {
      const format = formatter();
      if (format === undefined) return places;
      const text = format({ name: "Error", message: "" }, places.map(createCallSite));
      const lines = typeof text === "string" ? text.split("\n").slice(1) : [];
      if (lines.length !== places.length) return places;
      return places.map((place, index) => {
        const [file, line, column] =
          LINE.exec(lines[index] ?? "")
            ?.slice(1)
            .filter((part) => part !== undefined) ?? [];
        return file === undefined ? place : [file, Number(line), Number(column)];
      });
    },
  };
}

/** Formatters clone call sites by the names on their prototype. */
function createCallSite([file, line, column]: Place): object {
  const text = `${file}:${line}:${column}`;
  return Object.create({
    getThis: () => undefined,
    getTypeName: () => null,
    getFunction: () => undefined,
    getFunctionName: () => null,
    getMethodName: () => null,
    getFileName: () => file,
    getLineNumber: () => line,
    getColumnNumber: () => column,
    getEvalOrigin: () => undefined,
    getScriptNameOrSourceURL: () => file,
    getScriptHash: () => "",
    getEnclosingLineNumber: () => line,
    getEnclosingColumnNumber: () => column,
    getPosition: () => 0,
    getPromiseIndex: () => null,
    isToplevel: () => true,
    isEval: () => false,
    isNative: () => false,
    isConstructor: () => false,
    isAsync: () => false,
    isPromiseAll: () => false,
    toString: () => text,
  }) as object;
}
