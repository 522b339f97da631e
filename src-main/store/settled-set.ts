/**
 * Which promises have settled: V8 tells of one that adopts another twice. A bit each, in pages; a page that is full is
 * given back, and of so many that are not the oldest, after which a second time in it counts as none.
 */
const PAGE_BITS = 1 << 16;
/** 8 MB. */
const MAX_PAGES = 1024;

export interface SettledSet {
  /** Whether it is new. */
  add(id: number): boolean;
}

export function createSettledSet(): SettledSet {
  const pages = new Map<number, { readonly bits: Uint8Array; left: number }>();
  /** Pages below are closed, and so are these. */
  const closed = new Set<number>();
  let closedBelow = 0;

  function pageOf(number: number): { readonly bits: Uint8Array; left: number } | undefined {
    if (number < closedBelow || closed.has(number)) return undefined;
    const page = { bits: new Uint8Array(PAGE_BITS / 8), left: PAGE_BITS };
    pages.set(number, page);
    if (pages.size > MAX_PAGES) close(Math.min(...pages.keys()));
    return page;
  }

  function close(number: number): void {
    pages.delete(number);
    closed.add(number);
    while (closed.delete(closedBelow)) closedBelow++;
  }

  return {
    add(id) {
      const number = Math.floor(id / PAGE_BITS);
      const page = pages.get(number) ?? pageOf(number);
      if (page === undefined) return false;
      const bit = id % PAGE_BITS;
      const mask = 1 << (bit & 7);
      const byte = page.bits[bit >> 3] ?? 0;
      if ((byte & mask) !== 0) return false;
      page.bits[bit >> 3] = byte | mask;
      if (--page.left === 0) close(number);
      return true;
    },
  };
}
