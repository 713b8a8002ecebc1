import type { RefObject } from 'preact';
import { count } from '../ui/format';
import { Icon } from '../ui/Icon';
import { isFiltered, toggled, type Query } from './query';
import { MEANINGS, STATES, WORDS, type RowState } from './state';
import { StateGlyph } from './StateMark';

interface ToolbarProps {
  field: RefObject<HTMLInputElement | null>;
  query: Query;
  counts: Record<RowState, number>;
  shown: number;
  total: number;
  onChange: (part: Partial<Query>) => void;
  onLabel: (label: string) => void;
}

/** These are offered also while no session is like that. */
const ALWAYS: readonly RowState[] = ['live', 'failed', 'completed'];

export function Toolbar({ field, query, counts, shown, total, onChange, onLabel }: ToolbarProps) {
  const offered = STATES.filter((state) => counts[state] > 0 || ALWAYS.includes(state) || query.states.includes(state));
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (query.text) onChange({ text: '' });
      else field.current?.blur();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      document.querySelector<HTMLElement>('.sessions .session-link')?.focus();
    }
  };
  return (
    <div class="sessions-bar">
      <label class="sessions-search">
        <Icon name="search" />
        <span class="unseen">Search ids and labels</span>
        <input ref={field} type="search" placeholder="Search ids and labels" spellcheck={false} autocomplete="off" value={query.text} onInput={(event) => onChange({ text: event.currentTarget.value })} onKeyDown={press} />
        <kbd aria-hidden="true">/</kbd>
      </label>
      <div class="state-filter" role="group" aria-label="State">
        <button type="button" aria-pressed={query.states.length === 0} onClick={() => onChange({ states: [] })}>
          All
        </button>
        {offered.map((state) => (
          <button key={state} type="button" title={MEANINGS[state]} aria-pressed={query.states.includes(state)} onClick={() => onChange({ states: toggled(query.states, state) })}>
            <StateGlyph state={state} />
            {WORDS[state]} <span class="state-filter-count">{count(counts[state])}</span>
          </button>
        ))}
      </div>
      {query.labels.length > 0 && (
        <div class="label-filters" role="group" aria-label="Labels">
          {query.labels.map((label) => (
            <button key={label} type="button" class="chip is-on" aria-label={`Without the filter ${label}`} onClick={() => onLabel(label)}>
              <span class="chip-text">{label}</span>
              <Icon name="close" />
            </button>
          ))}
        </div>
      )}
      <span class="sessions-count" role="status">
        {isFiltered(query) ? `${count(shown)} of ${count(total)}` : `${count(total)} ${total === 1 ? 'session' : 'sessions'}`}
      </span>
    </div>
  );
}
