/**
 * What a producer wants done the moment its stream is stopped: `onStop`. Each is called exactly once, at the cancel or
 * at the producer's end, whichever comes first; what they throw is an error of the producer's cleanup.
 */
import { CancelledError, assertFunction } from "../task/errors.ts";
import { ExceptionGroup } from "../task/exception-group.ts";

/** The third thing a producer gets. */
export interface StreamControl {
  /**
   * Called once: at once when the stream is stopped (its consumer left, was cancelled, or the stream was closed), else
   * when the producer ends. The place to close what is not ours and would never notice: a socket, a subscription.
   */
  onStop(callback: () => void): void;
}

export class StopCallbacks implements StreamControl {
  readonly #signal: AbortSignal;
  #callbacks: (() => void)[] = [];
  #errors: unknown[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  readonly onStop = (callback: () => void): void => {
    assertFunction(callback, "onStop's callback");
    if (this.#callbacks.length === 0) this.#signal.addEventListener("abort", this.#call, { once: true });
    this.#callbacks.push(callback);
    if (this.#signal.aborted) this.#call();
  };

  /** At the producer's end. Throws what it threw, and what callbacks threw. */
  end(thrown: { readonly error: unknown } | undefined): void {
    this.#signal.removeEventListener("abort", this.#call);
    this.#call();
    const errors = this.#errors;
    if (errors.length === 0) {
      if (thrown !== undefined) throw thrown.error;
      return;
    }
    if (thrown !== undefined && !(thrown.error instanceof CancelledError)) errors.unshift(thrown.error);
    throw errors.length === 1 ? errors[0] : new ExceptionGroup(errors);
  }

  readonly #call = (): void => {
    const callbacks = this.#callbacks;
    this.#callbacks = [];
    for (const callback of callbacks) {
      try {
        callback();
      } catch (error) {
        this.#errors.push(error);
      }
    }
  };
}
