/** A question that is refused: inside this process an Error, to the viewer the plain ApiError it holds. */
import type { ApiError } from "../api/api.ts";
import { RecordingError } from "../store/recording-error.ts";

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly said: ApiError;

  constructor(said: ApiError) {
    super(said.message);
    this.said = said;
  }
}

export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof RecordingError) {
    const { message, hint } = error;
    const code = error.code === "in-use" || error.code === "cannot-write" ? "failed" : error.code;
    return new Refusal({ code, message, hint });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new Refusal({
    code: "failed",
    message: `Stallscope failed: ${message}`,
    hint: "Reload the page; if it happens again, report it.",
  });
}
