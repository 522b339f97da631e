/**
 * The AI SDK, loaded when the first agent is made: it is an optional peer, and a program without agents must not pay
 * for it.
 */
import type * as Ai from "ai";

export type AiLibrary = typeof Ai;

/** A package that is needed for what was called is not installed. */
export class MissingPackageError extends Error {
  override readonly name: string = "MissingPackageError";
}

/** @throws MissingPackageError */
export async function loadAi(): Promise<AiLibrary> {
  try {
    return await import("ai");
  } catch (cause) {
    throw new MissingPackageError(
      "Agents call models through the AI SDK, which could not be loaded. Install the package ai: npm install ai@7",
      { cause },
    );
  }
}
