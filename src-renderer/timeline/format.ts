/**
 * How times are written, everywhere in the window: three significant digits and a space before the unit for durations,
 * fixed decimals for instants, a sign for offsets. Input is Nanos.
 */

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
  return `${sign}${thousands(Math.floor(minutes / 60))} h ${twoDigits(minutes % 60)} min`;
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
  return `${sign}${thousands(hours)} h ${twoDigits(minutes)} min ${seconds} s`;
}

/** `+212 ms`, `-1.5 s`: relative to another instant. */
export function formatOffset(nanos: number): string {
  return nanos < 0 ? formatDuration(nanos) : `+${formatDuration(nanos)}`;
}

function threeDigits(value: number): string {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  const text = value.toFixed(decimals);
  return decimals === 0 ? text : text.replace(/\.?0+$/, "");
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
