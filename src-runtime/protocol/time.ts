/**
 * Time on the wire and in the recording.
 *
 * A traced thread stamps events with its own `performance.now()` (milliseconds, a float64). Its hello carries one
 * anchor that ties that clock to CLOCK_MONOTONIC, which all processes of a machine share, so that several processes
 * and threads fall on one axis. The session turns every stamp into Nanos.
 */

/** Nanoseconds since the recording started. An integer held in a float64: exact for 104 days. */
export type Nanos = number & { readonly __nanos: unique symbol };

/** One instant read on three clocks at once. */
export interface ClockAnchor {
  /** `performance.now()` of the thread, milliseconds. */
  readonly now: number;
  /** CLOCK_MONOTONIC, nanoseconds. */
  readonly monoNs: number;
  /** Unix epoch, milliseconds. */
  readonly wallMs: number;
}

export function nanos(value: number): Nanos {
  return value as Nanos;
}

export function msToNanos(ms: number): Nanos {
  return Math.round(ms * 1e6) as Nanos;
}

export function nanosToMs(value: number): number {
  return value / 1e6;
}

/** A thread's stamp on the recording's axis, whose zero is `originMonoNs` on CLOCK_MONOTONIC. */
export function rebase(stampMs: number, anchor: ClockAnchor, originMonoNs: number): Nanos {
  return Math.round((stampMs - anchor.now) * 1e6 + (anchor.monoNs - originMonoNs)) as Nanos;
}
