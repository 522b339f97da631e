/**
 * Builds the bundled programs of the corpus, which are kept in the repository, so that they run with plain `node`.
 *
 *     node test/corpus/bundle.js
 */
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @type {readonly { file: string, minify: boolean, sourcemap: true | "inline" }[]} */
const bundles = [
  { file: "programs/bundled.mjs", minify: false, sourcemap: true },
  { file: "programs/minified.mjs", minify: true, sourcemap: "inline" },
];
for (const { file, minify, sourcemap } of bundles) {
  const build = await rolldown({
    input: here("bundled/main.ts"),
    platform: "node",
    // The log must be the one that every other program writes by.
    external: (name) => name.endsWith("truth.mjs"),
  });
  const { output } = await build.write({ file: here(file), format: "esm", minify, sourcemap });
  if (output.length === 0) throw new Error(`${file}: nothing was built.`);
  await build.close();
}
