/** How numbers are written, everywhere: three significant digits, a space before the unit, commas for thousands. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** `0.42 ms`, `640 ms`, `3.20 s`, `4 min 02 s`, `2 h 05 min`. */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return "–";
  const sign = ms < 0 ? "−" : "";
  const value = Math.abs(ms);
  if (value < 999.5) return `${sign}${threeDigits(value)} ms`;
  if (value < MINUTE_MS - 50) return `${sign}${threeDigits(value / 1000)} s`;
  if (value < HOUR_MS - 500) {
    const seconds = Math.round(value / 1000);
    return `${sign}${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  const minutes = Math.round(value / MINUTE_MS);
  return `${sign}${formatCount(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** `41,208`. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** `1.40 GB`, `512 kB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? `${formatCount(value)} bytes` : `${threeDigits(value)} ${units[unit] ?? ""}`;
}

function threeDigits(value: number): string {
  if (value === 0) return "0";
  if (value >= 99.95) return formatCount(value);
  if (value >= 9.995) return value.toFixed(1);
  return value.toFixed(2);
}
