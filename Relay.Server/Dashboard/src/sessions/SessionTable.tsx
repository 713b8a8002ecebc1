import { useRef, useState } from 'preact/hooks';
import { useShortcuts } from '../ui/shortcuts';
import type { Row } from './list';
import { startsDescending, type Column, type Query } from './query';
import { SessionRow } from './SessionRow';
import { useCursor } from './useCursor';

const PAGE = 200;

const HEADS: readonly { name: string; column: Column | null; class: string }[] = [
  { name: 'State', column: 'state', class: 'c-state' },
  { name: 'Session', column: 'id', class: 'c-id' },
  { name: 'Labels', column: null, class: 'c-labels' },
  { name: 'Started', column: 'started', class: 'c-started num' },
  { name: 'Duration', column: 'duration', class: 'c-duration num' },
  { name: 'stdout', column: 'stdout', class: 'c-out num' },
  { name: 'stderr', column: 'stderr', class: 'c-out num' },
  { name: 'Rate', column: 'rate', class: 'c-rate num' },
  { name: 'Writer', column: null, class: 'c-writer' },
  { name: 'Readers', column: 'readers', class: 'c-readers num' },
];

interface SessionTableProps {
  rows: readonly Row[];
  query: Query;
  onSort: (part: Pick<Query, 'sort' | 'isDescending'>) => void;
  onLabel: (label: string) => void;
  onRemove: (row: Row) => void;
}

export function SessionTable({ rows, query, onSort, onLabel, onRemove }: SessionTableProps) {
  const table = useRef<HTMLTableElement>(null);
  const [limit, setLimit] = useState(PAGE);
  const { id, at, go, link, onFocusIn, onFocusOut } = useCursor(table, rows);
  const shown = rows.slice(0, Math.max(limit, Math.ceil((at + 1) / PAGE) * PAGE));

  useShortcuts('Rows', [
    { keys: ['j', 'ArrowDown'], what: 'next session', run: () => go(at + 1) },
    { keys: ['k', 'ArrowUp'], what: 'session before', run: () => go(at < 0 ? 0 : at - 1) },
    { keys: ['Enter'], what: 'open it', run: () => link()?.click() },
    { keys: ['d', 'Delete'], what: 'delete it', run: () => at >= 0 && onRemove(rows[at]!) },
    { keys: ['g', 'Home'], what: 'first session', run: () => go(0) },
    { keys: ['G', 'End'], what: 'last that is shown', run: () => go(shown.length - 1) },
  ]);

  return (
    <>
      <table ref={table} class="sessions" onFocusIn={onFocusIn} onFocusOut={onFocusOut}>
        <thead>
          <tr>
            {HEADS.map((head) => (
              <Head key={head.name} {...head} query={query} onSort={onSort} />
            ))}
            <th class="c-act">
              <span class="unseen">Delete</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <SessionRow key={row.id} row={row} isCursor={row.id === id} onLabel={onLabel} onRemove={onRemove} />
          ))}
        </tbody>
      </table>
      {shown.length < rows.length && (
        <div class="sessions-more">
          <button type="button" class="button" onClick={() => setLimit(shown.length + PAGE)}>
            Show {Math.min(PAGE, rows.length - shown.length)} more of {rows.length - shown.length}
          </button>
        </div>
      )}
    </>
  );
}

interface HeadProps extends Pick<SessionTableProps, 'query' | 'onSort'> {
  name: string;
  column: Column | null;
  class: string;
}

function Head({ name, column, class: classes, query, onSort }: HeadProps) {
  if (!column) return <th class={classes}>{name}</th>;
  const isSorted = query.sort === column;
  const direction = !isSorted ? 'none' : query.isDescending ? 'descending' : 'ascending';
  return (
    <th class={classes} aria-sort={direction}>
      <button type="button" onClick={() => onSort({ sort: column, isDescending: isSorted ? !query.isDescending : startsDescending(column) })}>
        {name}
        <span class="arrow" aria-hidden="true">
          {isSorted ? (query.isDescending ? '↓' : '↑') : ''}
        </span>
      </button>
    </th>
  );
}
