/** How numbers are written, everywhere: the interface, the reports, the sentences. */
const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const SIZE_UNITS = ["kB", "MB", "GB", "TB"] as const;

/** `640 ms`, `3.2 s` (no trailing zeros), `4 min 02 s`, `2 h 05 min`. */
export function formatDuration(nanos: number): string {
  if (!Number.isFinite(nanos)) return "unknown";
  const size = Math.abs(nanos);
  const sign = nanos < 0 && size > 0 ? "-" : "";
  if (size < 999.5) return `${sign}${Math.round(size)} ns`;
  if (size < 999.5e3) return `${sign}${threeDigits(size / 1e3)} µs`;
  if (size < 999.5e6) return `${sign}${threeDigits(size / 1e6)} ms`;
  if (size < 59.95e9) return `${sign}${threeDigits(size / 1e9)} s`;
  const seconds = Math.round(size / 1e9);
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(size / 60e9);
  return `${sign}${formatCount(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} min`;
}

/** `5.120 s`; minutes and hours before it as in `4 min 02.120 s`. `decimals` as the axis needs them. */
export function formatInstant(nanos: number, decimals = 3): string {
  if (!Number.isFinite(nanos)) return "unknown";
  const sign = nanos < 0 ? "-" : "";
  const unit = 10 ** decimals;
  const total = Math.round((Math.abs(nanos) / 1e9) * unit) / unit;
  if (total < 60) return `${sign}${total.toFixed(decimals)} s`;
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total - hours * 3600) / 60);
  const seconds = (total - hours * 3600 - minutes * 60)
    .toFixed(decimals)
    .padStart(decimals === 0 ? 2 : decimals + 3, "0");
  if (hours === 0) return `${sign}${minutes} min ${seconds} s`;
  return `${sign}${formatCount(hours)} h ${twoDigits(minutes)} min ${seconds} s`;
}

/** `+212 ms`, `-1.5 s`: relative to another instant. */
export function formatOffset(nanos: number): string {
  return nanos < 0 ? formatDuration(nanos) : `+${formatDuration(nanos)}`;
}

/** A duration given in milliseconds. */
export function formatMs(ms: number): string {
  return formatDuration(ms * 1e6);
}

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
  return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ""}, ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
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
  const seconds = Math.floor(Math.max(0, nanos) / 1e9);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${twoDigits(seconds % 60)} s`;
  return `${formatCount(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} min`;
}

function threeDigits(value: number): string {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  const text = value.toFixed(decimals);
  return decimals === 0 ? text : text.replace(/\.?0+$/, "");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
