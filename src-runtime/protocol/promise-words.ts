/**
 * The stream of promise events, level deep: what the promise hooks of a traced thread write into a ring of their own,
 * and what travels unchanged down the socket. Some promise is made, runs or settles ten times as often as all else
 * happens, so an event is one 32-bit word where it can be, and not a record of 32 bytes:
 *
 *     31            16 15          3   2    1  0
 *     | ticks since   | distance    | long | kind |     ticks of 100 ns since the event before, up to 6.5 ms
 *
 *     far, 2 words:    flags and ticks │ distance
 *     long, 5 words:   flags │ newest id │ distance │ ticks, low half │ ticks, high half     (since the thread's zero)
 *     task, 2 words:   flags │ task                           of what runs from here on, until told otherwise
 *
 * Ids count from 1 in order of creation (31 bits, then around), so a creation needs none; every other id is a distance
 * back from the newest. An `init`'s distance leads to its parent (0: none, or one from before we looked), that of
 * `before` and `settled` to the promise itself. `after` has none: it is of the promise that runs.
 *
 * Far is written where the distance is too large, long where the ticks are, and, with `LOST`, after events were dropped.
 */

export const PromiseEvent = { init: 0, before: 1, after: 2, settled: 3 } as const;
export type PromiseEvent = (typeof PromiseEvent)[keyof typeof PromiseEvent];

export const PROMISE_KIND_MASK = 0x3;
export const LONG = 0x4;
/** With LONG: a word of task follows, and it is no event. */
export const TASK = 0x8;
/** With LONG: events before this one are missing; nothing is known to be running. */
export const LOST = 0x10;

export const DISTANCE_SHIFT = 3;
export const DISTANCE_BITS = 13;
export const DISTANCE_MASK = (1 << DISTANCE_BITS) - 1;
export const TICKS_SHIFT = 16;
export const MAX_TICKS = 0xffff;
/** Ticks a millisecond. */
export const TICKS_MS = 10_000;

/** With LONG: not so long, only the distance is in a word of its own. */
export const FAR = 0x20;

export const FAR_WORDS = 2;
export const LONG_WORDS = 5;
export const TASK_WORDS = 2;

/** Ids and distances are modulo this and one. */
export const ID_MASK = 0x7fff_ffff;
