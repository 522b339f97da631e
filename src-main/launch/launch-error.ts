/**
 * Why a program could not be run, or Stallscope not do its part: a sentence, what to do next, and the exit code.
 */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
  /** 125 Stallscope itself failed · 126 can't be run · 127 doesn't exist. */
  readonly exitCode: 125 | 126 | 127;
  readonly hint: string;

  constructor(exitCode: 125 | 126 | 127, message: string, hint: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
