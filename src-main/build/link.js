/**
 * In a checkout `import "stallscope"` means the sources: where nothing was built, `dist/` gets files that lead there.
 * `npm install` does it, and every `stallscope` command where it is missing. `npm run build` puts what ships in their
 * place, until `dist/` is removed.
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** What package.json's exports name, and the source of each. */
const LINKS = [
  { file: "dist/index.js", source: "src-runtime/index.ts" },
  { file: "dist/testing.js", source: "src-runtime/testing/index.ts" },
  { file: "dist/types/index.d.ts", source: "src-runtime/index.ts" },
  { file: "dist/types/testing/index.d.ts", source: "src-runtime/testing/index.ts" },
];

/** @param {string} root */
export function linkRuntime(root) {
  for (const { file, source } of LINKS) {
    const path = join(root, file);
    if (existsSync(path)) continue;
    try {
      const folder = dirname(path);
      mkdirSync(folder, { recursive: true });
      const target = relative(folder, join(root, source)).replaceAll("\\", "/");
      // Another process may be reading it already.
      const beside = `${path}.${process.pid}`;
      writeFileSync(beside, `export * from "${target}";\n`);
      renameSync(beside, path);
    } catch {
      // A checkout that can't be written is used as it is: only `import "stallscope"` needs this.
      return;
    }
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  linkRuntime(fileURLToPath(new URL("../..", import.meta.url)));
}
