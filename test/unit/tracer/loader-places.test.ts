/** Real formatters of loaders, installed as they install themselves; and hooks that are not to be called. */
import { join } from "node:path";
import { ModuleRunner } from "vite/module-runner";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLoaderPlaces } from "../../../src-runtime/tracer/loader-places.ts";

let before: PropertyDescriptor | undefined;

beforeEach(() => {
  before = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
});

afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
  else Object.defineProperty(Error, "prepareStackTrace", before);
});

function install(hook: unknown): void {
  Object.defineProperty(Error, "prepareStackTrace", { value: hook, configurable: true, writable: true });
}

const FILE = join("/app", "a.ts");
/** The second line of the code is the tenth of the source, at column 4. */
const MAP = JSON.stringify({ version: 3, sources: ["a.ts"], names: [], mappings: ";AASI" });
/** In two words, or this file itself would have that map. */
const COMMENT = ["//# sourceMapping", "URL=data:application/json;base64,"].join("");
const CODE = `\n\n//# sourceMappingSource=vite-generated\n${COMMENT}${Buffer.from(MAP).toString("base64")}`;

test("the module runner of Vite tells where transformed code is in its source", async () => {
  // vitest has installed it in this very process: this runner joins it.
  const runner = new ModuleRunner(
    {
      transport: { invoke: () => Promise.resolve({ result: [] }) },
      sourcemapInterceptor: "prepareStackTrace",
      hmr: false,
    },
    { runInlinedModule: () => Promise.resolve(), runExternalModule: () => Promise.resolve({}) },
  );
  const module = runner.evaluatedModules.ensureModule(FILE, FILE);
  module.meta = { code: CODE, file: FILE, id: FILE, url: FILE, invalidate: false };
  const places = createLoaderPlaces();
  expect(places.isKnown()).toBe(true);
  expect(
    places.map([
      [FILE, 2, 1],
      ["/app/other (1).js", 3, 7],
    ]),
  ).toEqual([
    [FILE, 10, 5],
    ["/app/other (1).js", 3, 7],
  ]);
  await runner.close();
});

test("a formatter of the program's own is never called", () => {
  let calls = 0;
  install(() => {
    calls++;
    throw new Error("not for you");
  });
  const places = createLoaderPlaces();
  expect(places.isKnown()).toBe(false);
  expect(places.map([[FILE, 1, 1]])).toEqual([[FILE, 1, 1]]);
  expect(calls).toBe(0);
});

test("a getter in its place is not called either", () => {
  let calls = 0;
  Object.defineProperty(Error, "prepareStackTrace", { get: () => calls++, configurable: true });
  expect(createLoaderPlaces().isKnown()).toBe(false);
  expect(calls).toBe(0);
});

test("an answer that is no stack leaves the places as they are", () => {
  install(function wrapped() {
    function wrapCallSite(): string {
      return "nonsense";
    }
    return wrapCallSite();
  });
  const places = createLoaderPlaces();
  expect(places.isKnown()).toBe(true);
  expect(places.map([[FILE, 1, 1]])).toEqual([[FILE, 1, 1]]);
});
