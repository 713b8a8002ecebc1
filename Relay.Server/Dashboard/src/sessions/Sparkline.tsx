import { rate as rateText } from '../ui/format';
import { useTicking } from '../ui/ticking';
import type { RateHistory } from './rate';

const WIDTH = 60; // One sample each.
const HEIGHT = 18;

/** The last minute's bytes per second, up to the session's own highest, with the rate of now as text. */
export function Sparkline({ rate, isLive }: { rate: RateHistory; isLive: boolean }) {
  useTicking(() => rate.version, [rate]);
  if (rate.isQuiet || rate.samples.length === 0) return isLive ? <span class="session-rate is-quiet">0 B/s</span> : null;
  const line = lineOf(rate.samples);
  return (
    <span class="session-rate">
      <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} height={HEIGHT} preserveAspectRatio="none" aria-hidden="true">
        <path class="sparkline-area" d={`${line}V${HEIGHT}H${WIDTH - rate.samples.length}Z`} />
        <path class="sparkline-line" d={line} />
      </svg>
      <span>{rateText(rate.current)}</span>
    </span>
  );
}

function lineOf(samples: readonly number[]): string {
  const highest = Math.max(...samples, 1);
  const start = WIDTH - samples.length;
  return samples.map((sample, index) => `${index === 0 ? 'M' : 'L'}${start + index} ${(HEIGHT - 1 - (sample / highest) * (HEIGHT - 2.5)).toFixed(1)}`).join('');
}
