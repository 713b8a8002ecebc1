import { bytes, count } from '../ui/format';
import type { LogState } from './controller';

/** Below this a page is not behind: batches take their time. */
const NEAR_MS = 1500;

/** Where in the log one is, how large it is, and the way back to its end. */
export function StatusLine({ state, onFollow }: { state: LogState; onFollow: () => void }) {
  const { lines, first, seen, fresh, isFollowing, behind, end } = state;
  return (
    <footer class="log-foot">
      <span class="log-size">
        {count(lines - first)} lines · {bytes(state.bytes)}
      </span>
      {!isFollowing && lines > 0 && <span class="log-place">{Math.round((100 * Math.max(0, seen.from - first)) / Math.max(1, lines - first))} %</span>}
      {behind > NEAR_MS && !end && <span class="log-behind">behind by {(behind / 1000).toFixed(1)} s</span>}
      <button type="button" class={`button small follow${isFollowing ? ' is-on' : ''}`} aria-pressed={isFollowing} onClick={onFollow}>
        {isFollowing ? (end ? 'At the end' : 'Following') : fresh > 0 ? `${count(fresh)} new ${fresh === 1 ? 'line' : 'lines'} ↓` : 'Go to the end ↓'}
      </button>
    </footer>
  );
}
