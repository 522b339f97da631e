/** What only `toThread` throws. */

/** An argument, or a returned value, that can't go from one thread to another. A TypeError: the call was wrong. */
export class DataCloneError extends TypeError {
  override readonly name: string = "DataCloneError";
}

/** The thread ended before the function did: out of memory, `process.exit()`, an error outside of it (see `cause`). */
export class ThreadEndedError extends Error {
  override readonly name: string = "ThreadEndedError";
}
