import { absolute, age, duration, machineTime } from './format';
import { useTicking } from './ticking';

/** How long ago it was; the time itself is its title. */
export function Age({ at }: { at: number }) {
  const text = useTicking((now) => age(now - at), [at]);
  return (
    <time dateTime={machineTime(at)} title={absolute(at)}>
      {text}
    </time>
  );
}

/** @param to End; null while it goes on. */
export function Duration({ from, to }: { from: number; to: number | null }) {
  const text = useTicking((now) => duration((to ?? now) - from), [from, to]);
  return <span title={to === null ? `since ${absolute(from)}` : `until ${absolute(to)}`}>{text}</span>;
}
