import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { count } from '../ui/format';
import type { LogController, LogState } from './controller';
import type { Query } from './finder';

const TYPED_MS = 250;

const LEVELS: readonly (readonly [number, string])[] = [
  [0, 'any level'],
  [3, 'info and worse'],
  [4, 'warnings and worse'],
  [5, 'errors'],
  [6, 'fatal'],
];

/** Lines that a filter leaves around each match. */
const AROUND = [0, 2, 5, 20] as const;

/** Looks for text in all of the log, also where the page never was. */
export function FindBar({ state, log, takesFocus, onClose }: { state: LogState; log: LogController; takesFocus: boolean; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const [query, change] = useState<Query>(log.state.find?.query ?? { text: '', isRegex: false, matchCase: false, minLevel: 0 });
  useLayoutEffect(() => {
    if (!takesFocus) return;
    field.current!.focus(); // Before the next key: it is typed into the field, and is no shortcut any more.
    field.current!.select();
  }, []);
  const apply = () => log.find(query.text || query.minLevel > 0 ? query : null);
  useEffect(() => {
    const timer = setTimeout(apply, TYPED_MS);
    return () => clearTimeout(timer);
  }, [query]);
  const go = (event: Event, direction: 1 | -1) => {
    event.preventDefault();
    apply(); // Also what was typed just now.
    log.goToMatch(direction);
  };
  const close = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onClose();
  };
  return (
    <form class="find" role="search" onSubmit={(event) => go(event, 1)} onKeyDown={close}>
      <input
        ref={field}
        type="search"
        aria-label="Find in the whole log"
        placeholder="Find in the whole log"
        maxLength={1000}
        spellcheck={false}
        autocomplete="off"
        value={query.text}
        onInput={(event) => change({ ...query, text: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Enter' && event.shiftKey && go(event, -1)}
      />
      <button type="button" class="toggle" aria-pressed={query.matchCase} title="Capitals differ from small letters" onClick={() => change({ ...query, matchCase: !query.matchCase })}>
        Aa
      </button>
      <button type="button" class="toggle" aria-pressed={query.isRegex} title="Regular expression" onClick={() => change({ ...query, isRegex: !query.isRegex })}>
        .*
      </button>
      <span class="pick">
        <select aria-label="Level" value={query.minLevel} onChange={(event) => change({ ...query, minLevel: Number(event.currentTarget.value) })}>
          {LEVELS.map(([level, name]) => (
            <option key={level} value={level}>
              {name}
            </option>
          ))}
        </select>
      </span>
      <span class="pick">
        <select aria-label="Shown lines" value={state.filter ?? ''} onChange={(event) => log.filter(event.currentTarget.value === '' ? null : Number(event.currentTarget.value))}>
          <option value="">all lines</option>
          {AROUND.map((lines) => (
            <option key={lines} value={lines}>
              {lines === 0 ? 'only matches' : `matches ± ${lines} lines`}
            </option>
          ))}
        </select>
      </span>
      <span class={state.find?.failure ? 'find-count is-problem' : 'find-count'} role="status">
        {told(state)}
      </span>
      <button type="button" class="button small" aria-label="Previous match" title="Previous (Shift Enter, N)" onClick={(event) => go(event, -1)}>
        ↑
      </button>
      <button type="submit" class="button small" aria-label="Next match" title="Next (Enter, n)">
        ↓
      </button>
      <button type="button" class="button small" onClick={onClose}>
        Close
      </button>
    </form>
  );
}

function told({ find, match }: LogState): string {
  if (!find) return '';
  if (find.failure) return find.failure;
  const all = find.isFull ? `the first ${count(find.found)}` : count(find.found);
  if (find.isSearching && find.progress < 1 && match === null) return `${all} found, ${Math.floor(find.progress * 100)} % searched`;
  if (find.found === 0) return find.isSearching ? 'searching' : 'nothing found';
  return match === null ? `${all} found` : `${count(match + 1)} of ${all}`;
}
