import { sleep } from "../../../../src-runtime/index.ts";

/** The error that work ends with. */
export async function caught(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("It did not throw.");
}

/** Waits for ever; cancelled, it throws the error. */
export async function failsInCleanup(error: unknown): Promise<never> {
  await caught(sleep(Infinity));
  throw error;
}
