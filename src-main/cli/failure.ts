/** Any failure as one sentence, what to do next, and the exit code of the contract. */
import { LaunchError } from "../launch/launch-error.ts";
import { RecordingError } from "../store/recording-error.ts";

const FAILED = 125;
const UNREADABLE = 4;

export interface Failure {
  readonly message: string;
  readonly hint: string;
  readonly exitCode: number;
}

/** What went wrong in the command line's own terms. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly hint: string;
  readonly exitCode: number;

  constructor(exitCode: number, message: string, hint: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof LaunchError || error instanceof CliError) return error;
  if (error instanceof RecordingError) {
    const { message, hint } = error;
    return { message, hint, exitCode: error.code === "cannot-write" || error.code === "in-use" ? FAILED : UNREADABLE };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: `Something in Stallscope itself failed: ${message}.`,
    hint: "Nothing else was changed; please report it.",
    exitCode: FAILED,
  };
}

/** A recording that could not be written any further, whatever SQLite calls it. */
export function writeFailure(error: unknown, path: string): CliError {
  const code = (error as { code?: string }).code ?? "";
  const text = error instanceof Error ? error.message : String(error);
  if (code === "SQLITE_FULL")
    return new CliError(
      FAILED,
      `The disk is full: ${path} could not be written any further.`,
      "Free some space. What was recorded up to then is kept.",
    );
  if (code.startsWith("SQLITE_IOERR"))
    return new CliError(
      FAILED,
      `${path} could not be written any further (${code}); the disk may be full.`,
      "Check the disk. What was recorded up to then is kept.",
    );
  if (
    code.startsWith("SQLITE_CANTOPEN") ||
    code.startsWith("SQLITE_READONLY") ||
    code === "EACCES" ||
    code === "EROFS"
  ) {
    return new CliError(
      FAILED,
      `The recording ${path} can't be written (${code}).`,
      "Name another place with -o, or set STALLSCOPE_HOME.",
    );
  }
  return new CliError(FAILED, `The recording ${path} failed: ${text}.`, "Please report it.");
}
