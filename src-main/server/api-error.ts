/** How a refusal travels to a viewer. */
import type { ApiError } from "../api/api.ts";
import { RecordingError } from "../store/recording-error.ts";

export function toApiError(error: unknown): ApiError {
  if (isApiError(error)) return error;
  if (error instanceof RecordingError) {
    const { message, hint } = error;
    const code = error.code === "in-use" || error.code === "cannot-write" ? "failed" : error.code;
    return { code, message, hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: "failed",
    message: `Stallscope failed: ${message}`,
    hint: "Reload the page; if it happens again, report it.",
  };
}

function isApiError(error: unknown): error is ApiError {
  return typeof error === "object" && error !== null && !(error instanceof Error) && "code" in error && "hint" in error;
}
