/** Why a recording can't be used: a sentence, what to do next, and a code that never changes. */
export type RecordingErrorCode = "not-found" | "unreadable" | "foreign" | "format-too-new" | "in-use" | "cannot-write";

export class RecordingError extends Error {
  override readonly name = "RecordingError";
  readonly code: RecordingErrorCode;
  readonly hint: string;

  constructor(code: RecordingErrorCode, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}
