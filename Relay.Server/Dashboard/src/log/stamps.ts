export type Stamps = 'off' | 'local' | 'utc' | 'relative';

export const STAMPS: readonly Stamps[] = ['off', 'local', 'utc', 'relative'];

const two = (value: number): string => String(value).padStart(2, '0');

/**
 * The time of a line, in the width of its kind.
 * @param micros Since 1970-01-01T00:00:00Z.
 * @param beganMicros What relative times count from.
 */
export function stampOf(micros: number, stamps: Stamps, beganMicros: number): { text: string; title: string } {
  const date = new Date(micros / 1000);
  const title = date.toISOString();
  switch (stamps) {
    case 'relative':
      return { text: relative((micros - beganMicros) / 1000), title };
    case 'utc':
      return { text: title.slice(11, 23), title };
    default: {
      const local = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
      return { text: local, title };
    }
  }
}

/** `+0.000`, `+12:03.250`, `+1:02:03.004`: hours and minutes only when there are any. */
function relative(milliseconds: number): string {
  const span = Math.max(0, Math.round(milliseconds));
  const seconds = Math.floor(span / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${seconds % 60}.${String(span % 1000).padStart(3, '0')}`;
  if (hours > 0) return `+${hours}:${two(minutes)}:${rest.padStart(6, '0')}`;
  return minutes > 0 ? `+${minutes}:${rest.padStart(6, '0')}` : `+${rest}`;
}
