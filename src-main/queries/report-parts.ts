/** What several parts of the report are made of. */
import { nanosToMs } from "../../src-runtime/protocol/time.ts";
import type { Site } from "../api/api.ts";
import type { RecordingMeta } from "../store/meta.ts";

export interface Ref {
  readonly id: string;
  readonly name: string;
}

export interface ReportSite {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly package: string | null;
}

/** Epoch milliseconds of an instant of the recording. */
export function epochMs(meta: RecordingMeta, at: number): number {
  return meta.anchorMs + nanosToMs(at);
}

export function reportSite(site: Site): ReportSite {
  return {
    function: site.function,
    file: site.file,
    line: site.line,
    column: site.column,
    package: site.package ?? null,
  };
}
