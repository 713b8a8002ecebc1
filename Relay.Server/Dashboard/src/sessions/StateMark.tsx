import type { JSX } from 'preact';
import { MEANINGS, WORDS, type RowState } from './state';

/** Each state has a shape of its own: colour alone tells nothing to many. */
const GLYPHS: Record<RowState, JSX.Element> = {
  live: <circle class="solid" cx="6" cy="6" r="3.5" />,
  waiting: <circle cx="6" cy="6" r="4" />,
  left: <path d="M6 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM4.5 6h3" />,
  lost: <path d="M6 1.7 10.8 10H1.2zM6 4.7v2.3m0 1.3v.2" />,
  failed: <path d="m3 3 6 6m0-6L3 9" />,
  completed: <path d="m2.5 6.4 2.5 2.5 4.5-5.4" />,
  expired: <circle class="dashed" cx="6" cy="6" r="4" />,
};

export function StateGlyph({ state }: { state: RowState }) {
  return (
    <svg class={`state-glyph is-${state}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {GLYPHS[state]}
    </svg>
  );
}

export function StateMark({ state, exitCode }: { state: RowState; exitCode: number | null }) {
  return (
    <span class={`state-mark is-${state}`} title={exitCode === null ? MEANINGS[state] : `${MEANINGS[state]} Exit code ${exitCode}.`}>
      <StateGlyph state={state} />
      {WORDS[state]}
      {exitCode !== null && (
        <span class={exitCode === 0 ? 'unseen' : 'exit-code'}>
          <span class="unseen">, exit code </span>
          {exitCode}
        </span>
      )}
    </span>
  );
}
