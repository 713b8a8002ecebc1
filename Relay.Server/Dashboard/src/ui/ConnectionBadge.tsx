import type { LinkState } from '../api/link';
import { useTicking } from './ticking';
import './badge.css';

const WORDS = { connecting: 'Connecting', connected: 'Live', reconnecting: 'Reconnecting', waiting: 'Waiting', refused: 'Refused', done: 'Ended' } as const;

/** How the page's connection stands, always shown. @param done Word for a connection that has nothing more to do. */
export function ConnectionBadge({ state, onRetry, done = WORDS.done }: { state: LinkState; onRetry: () => void; done?: string }) {
  const failure = 'failure' in state ? state.failure : null;
  return (
    <div class={`badge is-${state.kind}`}>
      <span class="badge-dot" aria-hidden="true" />
      <span class="badge-word" role="status">
        {state.kind === 'done' ? done : WORDS[state.kind]}
      </span>
      {'at' in state && <Countdown to={state.at} />}
      {failure && (
        <span class="badge-reason" title={`${failure.code}: ${failure.message}`}>
          {failure.message}
        </span>
      )}
      {failure && (
        <button type="button" class="button small" onClick={onRetry}>
          Try now
        </button>
      )}
    </div>
  );
}

function Countdown({ to }: { to: number }) {
  const seconds = useTicking((now) => Math.max(0, Math.ceil((to - now) / 1000)), [to]);
  return <span class="badge-count">{seconds > 0 ? `in ${seconds} s` : 'now'}</span>;
}
