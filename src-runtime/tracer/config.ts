/**
 * What the launcher tells the register module, by one environment variable. Absent or unreadable: inert.
 */
import type { Level } from "../protocol/message.ts";

export const COLLECTOR_VARIABLE = "STALLSCOPE_COLLECTOR";

export interface TracerConfig {
  /** Path of the collector's socket or pipe. */
  readonly socket: string;
  /** Proves to the collector that this process was started by its launcher. */
  readonly token: string;
  readonly level: Level;
  /** Milliseconds. */
  readonly threshold: number;
  readonly captureContent: boolean;
}

export function encodeConfig(config: TracerConfig): string {
  return JSON.stringify(config);
}

export function decodeConfig(text: string | undefined): TracerConfig | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const config = JSON.parse(text) as Partial<TracerConfig> | null;
    if (typeof config?.socket !== "string" || typeof config.token !== "string") return undefined;
    const level = config.level === "light" || config.level === "deep" ? config.level : "tasks";
    const threshold = typeof config.threshold === "number" && config.threshold > 0 ? config.threshold : 50;
    return {
      socket: config.socket,
      token: config.token,
      level,
      threshold,
      captureContent: config.captureContent === true,
    };
  } catch {
    return undefined;
  }
}
