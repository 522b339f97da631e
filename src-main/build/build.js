/**
 * Builds what ships. `npm run build` makes `dist/`; a checkout builds the same parts on first use (see cache.js), so
 * that the tests run what ships.
 *
 *     dist/cli.js         the command line, in parts that are loaded when a command needs them
 *     dist/register.cjs   what a traced program loads: one file, nothing but Node's own modules outside
 *     dist/watchdog.cjs   its worker
 *     dist/index.js       the agent runtime, and dist/testing.js for tests with it, of common parts
 *     dist/types/         their declarations
 *     dist/renderer/      the interface
 *     dist/examples/      the example agents with what they need, runnable anywhere
 *
 * A development file: it is not in the package.
 */
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

/** The oldest Node a traced program may run on. */
const TARGET = "node22";
const NODE_MODULE = /^node:/;
/** Packages that are installed beside the bundle: what is native, or loads itself into other programs. */
const INSTALLED = ["better-sqlite3", "tsx"];
/** What the runtime shares with the program that uses it, and the pool that starts threads from its own files. */
const SHARED = /^(?:piscina|ai|zod|vitest|@opentelemetry\/api)(?:\/|$)/;
/** Imports, in declarations, of packages that only agents need. */
const OPTIONAL_IMPORT = /^import .* from "(?:ai|zod|@ai-sdk\/[^"]+)";$/gm;

/**
 * Builds one part of a checkout into a folder.
 * @param {string} root
 * @param {import("./cache.js").Part} part
 * @param {string} into
 */
export async function buildPart(root, part, into) {
  mkdirSync(into, { recursive: true });
  if (part === "renderer") await buildRenderer(root, into);
  else await buildProgram(root, into);
}

/**
 * @param {string} root
 * @param {string} into
 */
async function buildProgram(root, into) {
  // Without it Node would have to guess that cli.js is a module: a package's scope ends at node_modules.
  writeFileSync(join(into, "package.json"), '{ "type": "module" }\n');
  const bundles = await Promise.allSettled([
    bundle({
      input: { cli: join(root, "src-main/cli/main.ts") },
      external: [NODE_MODULE, ...INSTALLED],
      output: {
        dir: into,
        format: "esm",
        entryFileNames: "[name].js",
        chunkFileNames: "cli-[name]-[hash].js",
        // What is left of CommonJS in a bundled package asks for Node's own modules by require.
        banner:
          'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);',
      },
    }),
    bundle({
      input: join(root, "src-runtime/register.ts"),
      external: NODE_MODULE,
      output: { file: join(into, "register.cjs"), format: "cjs", codeSplitting: false },
    }),
    bundle({
      input: join(root, "src-runtime/tracer/watchdog.ts"),
      external: NODE_MODULE,
      output: { file: join(into, "watchdog.cjs"), format: "cjs", codeSplitting: false },
    }),
    buildRuntime(root, into),
  ]);
  // All have to be over before the folder may be removed.
  return bundles.flatMap((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}

/**
 * `stallscope` and `stallscope/testing` have to be one runtime: their parts are shared.
 * @param {string} root
 * @param {string} into
 */
function buildRuntime(root, into) {
  return bundle({
    input: {
      index: join(root, "src-runtime/index.ts"),
      testing: join(root, "src-runtime/testing/index.ts"),
      ...threadWorker(root, "thread-worker"),
    },
    external: [NODE_MODULE, SHARED],
    output: { dir: into, format: "esm", entryFileNames: "[name].js", chunkFileNames: "runtime-[name]-[hash].js" },
  });
}

/**
 * The file a worker thread starts with. It lies beside the part that names it.
 * @param {string} root
 * @param {string} name
 * @returns {Readonly<Record<string, string>>}
 */
function threadWorker(root, name) {
  return { [name]: join(root, "src-runtime/thread/thread-worker.ts") };
}

/**
 * @param {string} root
 * @param {string} into
 */
function buildTypes(root, into) {
  execFileSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", join(root, "src-main/build/types.json"), "--outDir", into],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  for (const file of globSync("**/*.d.ts", { cwd: into })) {
    const path = join(into, file);
    const text = readFileSync(path, "utf8")
      // The compiler leaves the names of the sources in declarations.
      .replace(/((?:from |import\()"\.{1,2}\/[^"]+)\.ts"/g, '$1.js"')
      // A program without agents must compile without them, also where it checks its libraries.
      .replace(OPTIONAL_IMPORT, "// @ts-ignore -- An optional peer: without it its types are any.\n$&");
    writeFileSync(path, text);
  }
}

/**
 * @param {string} root
 * @param {string} into
 */
async function buildRenderer(root, into) {
  const [{ build }, { default: react }] = await Promise.all([import("vite"), import("@vitejs/plugin-react")]);
  const built = await build({
    root: join(root, "src-renderer"),
    configFile: false,
    base: "./",
    logLevel: "warn",
    plugins: [react()],
    build: { outDir: into, emptyOutDir: true, sourcemap: false, chunkSizeWarningLimit: 1000 },
  });
  return "output" in built ? modulesOf(built.output) : [];
}

/**
 * @param {string} root
 * @param {string} into
 */
async function buildExamples(root, into) {
  const folder = join(root, "examples");
  const sources = globSync("**/*.ts", { cwd: folder });
  return bundle({
    input: {
      ...Object.fromEntries(sources.map((source) => [source.replace(/\.ts$/, ""), join(folder, source)])),
      ...threadWorker(root, "parts/thread-worker"),
    },
    external: [NODE_MODULE, /^piscina(?:\/|$)/],
    resolve: { alias: { stallscope$: join(root, "src-runtime/index.ts") } },
    output: {
      dir: into,
      format: "esm",
      sourcemap: true,
      entryFileNames: "[name].js",
      chunkFileNames: "parts/[name]-[hash].js",
      codeSplitting: { groups: [{ name: "runtime", test: /[\\/]src-runtime[\\/]/ }] },
    },
  });
}

/**
 * Bundles, or throws: an import that could not be resolved would only show in a user's program.
 * @param {import("rolldown").InputOptions & { readonly output: import("rolldown").OutputOptions }} options
 */
async function bundle({ output, ...input }) {
  const bundler = await rolldown({
    ...input,
    platform: "node",
    transform: { target: TARGET },
    onLog(level, log, forward) {
      if (log.code === "UNRESOLVED_IMPORT") throw new Error(log.message);
      forward(level, log);
    },
  });
  try {
    const { output: chunks } = await bundler.write(output);
    return modulesOf(chunks);
  } finally {
    await bundler.close();
  }
}

/**
 * @param {readonly { readonly type: string, readonly moduleIds?: readonly string[] }[]} chunks
 * @returns {readonly string[]}
 */
function modulesOf(chunks) {
  return chunks.flatMap((chunk) => chunk.moduleIds ?? []);
}

/**
 * The licences of the packages that were bundled, as they ask for.
 * @param {readonly string[]} modules
 */
function licensesOf(modules) {
  const folders = new Set(
    modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []),
  );
  const texts = [...folders]
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      const [file] = globSync("{LICENSE,LICENCE,license,licence}*", { cwd: folder });
      const text = file === undefined ? "" : readFileSync(join(folder, file), "utf8").trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    });
  return [...new Set(texts)].sort().join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * Everything that ships, whole or not at all.
 * @param {string} root
 * @param {string} into
 */
async function buildAll(root, into) {
  const beside = `${into}.building-${process.pid}`;
  try {
    const modules = [
      ...(await buildProgram(root, ensure(beside))),
      ...(await buildRenderer(root, ensure(join(beside, "renderer")))),
      ...(await buildExamples(root, join(beside, "examples"))),
    ];
    buildTypes(root, join(beside, "types"));
    writeFileSync(join(beside, "third-party-licenses.txt"), licensesOf(modules));
    rmSync(into, { recursive: true, force: true });
    renameSync(beside, into);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function ensure(folder) {
  mkdirSync(folder, { recursive: true });
  return folder;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const into = resolve(process.argv[2] ?? "dist");
  if (!existsSync(join(root, "src-main"))) throw new Error(`There are no sources in ${root} to build from.`);
  await buildAll(root, into);
  console.log(`Built ${relative(process.cwd(), into) || into}.`);
}
