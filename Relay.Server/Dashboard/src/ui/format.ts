const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const THIN = '\u202f'; // Narrow and no place to break.
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `512 B`, `12.4 KiB`, `1.0 GiB`. */
export function bytes(count: number): string {
  if (count < 1024) return `${Math.round(count)} B`;
  let value = count / 1024;
  let unit = 0;
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`;

/** Groups of three: `1 234 567`. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, THIN);

/** For narrow columns: exact below a hundred thousand, then `112 k`, `1.2 M`. */
export function compactCount(value: number): string {
  if (value < 1e5) return count(value);
  if (value < 999.5e3) return `${Math.round(value / 1e3)}${THIN}k`;
  return value < 999.95e6 ? `${(value / 1e6).toFixed(1)}${THIN}M` : `${(value / 1e9).toFixed(1)}${THIN}G`;
}

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** The two largest parts: `59s`, `4m 09s`, `1h 02m`, `3d 04h`. */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < MINUTE) return `${Math.floor(span / SECOND)}s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)}m ${two((span % MINUTE) / SECOND)}s`;
  if (span < DAY) return `${Math.floor(span / HOUR)}h ${two((span % HOUR) / MINUTE)}m`;
  return `${Math.floor(span / DAY)}d ${two((span % DAY) / HOUR)}h`;
}

/** `now`, `12s ago`, `3m ago`, `5h ago`, `2d ago`. A clock that is behind the relay's makes no negative ages. */
export function age(milliseconds: number): string {
  if (milliseconds < 5 * SECOND) return 'now';
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)}s ago`;
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)}m ago`;
  if (milliseconds < DAY) return `${Math.floor(milliseconds / HOUR)}h ago`;
  return `${Math.floor(milliseconds / DAY)}d ago`;
}

/** Local time with its offset: `2026-01-31 09:00:05 +01:00`. */
export function absolute(time: number): string {
  const date = new Date(time);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/** For `<time datetime>`. */
export const machineTime = (time: number): string => new Date(time).toISOString();
