/** Counts, sizes and dates in the interface's one spelling. Times of a recording are in timeline/format.ts. */

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const SIZE_UNITS = ["kB", "MB", "GB", "TB"] as const;

/** `41,208` */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** `1 stall`, `2 stalls` */
export function formatCountOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `22 Nov, 10:41`, in the viewer's own time zone. */
export function formatDate(epochMs: number): string {
  const date = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ""}, ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `1.9 MB`, decimal units. */
export function formatBytes(bytes: number): string {
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : COUNT.format(value)} ${SIZE_UNITS[unit] ?? ""}`;
}

/** A duration that counts ten times a second, Nanos: one decimal, so that nothing flickers but the last digit. */
export function formatCounting(nanos: number): string {
  const seconds = Math.max(0, nanos) / 1e9;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : formatSeconds(nanos);
}

/** The same for what counts by the second: `9 s`, `6 min 12 s`, `2 h 05 min`. */
export function formatSeconds(nanos: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const seconds = Math.floor(Math.max(0, nanos) / 1e9);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
}
