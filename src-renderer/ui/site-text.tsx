/** A position in code: the function in monospace, then quietly where it stands. Never cut in the function's name. */
import type { ReactElement } from "react";
import type { Site } from "../../src-main/api/api.ts";

export function SiteText(props: { readonly site: Site }): ReactElement {
  const { site } = props;
  return (
    <span className="site">
      <code className="site-function">{functionName(site)}</code> <span className="site-place">{placeOf(site)}</span>
    </span>
  );
}

export function functionName(site: Site): string {
  if (site.function === "") return "(anonymous)";
  return site.function.startsWith("(") ? site.function : `${site.function}()`;
}

/** `pdf.ts:88`, and from where a package begins in a dependency: `bpe-lite/src/encode.ts:117`. */
export function placeOf(site: Site): string {
  return withLine(site.file.replace(/^.*[/\\]?node_modules[/\\]/, ""), site.line);
}

/** `encode.ts:117`, where the whole path has no room. */
export function shortPlaceOf(site: Site): string {
  return withLine(site.file.slice(Math.max(site.file.lastIndexOf("/"), site.file.lastIndexOf("\\")) + 1), site.line);
}

function withLine(file: string, line: number): string {
  return file === "" || line <= 0 ? file : `${file}:${line}`;
}
