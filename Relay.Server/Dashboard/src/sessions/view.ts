import type { Row } from './list';
import type { Column, Query } from './query';
import { spanOf, STATES, type RowState } from './state';

export interface View {
  rows: readonly Row[];
  /** How many there are of each state, whichever states are shown. */
  counts: Record<RowState, number>;
}

export function viewOf(rows: readonly Row[], query: Query, now: number): View {
  const matches = matcherOf(query);
  const matching = rows.filter(matches);
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<RowState, number>;
  for (const row of matching) counts[row.state]++;
  const shown = query.states.length > 0 ? matching.filter((row) => query.states.includes(row.state)) : matching;
  return { rows: sorted(shown, query, now), counts };
}

export const labelsOf = ({ status }: Row): string[] => Object.entries(status.labels).map(([name, value]) => `${name}=${value}`);

/** Each word stands in the id or in one label, whatever its case; each label is one of the session's. */
function matcherOf({ text, labels }: Query): (row: Row) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (words.length === 0 && labels.length === 0) return true;
    const own = labelsOf(row);
    if (!labels.every((label) => own.includes(label))) return false;
    const places = [row.id, ...own].map((place) => place.toLowerCase());
    return words.every((word) => places.some((place) => place.includes(word)));
  };
}

function sorted(rows: readonly Row[], { sort, isDescending }: Query, now: number): Row[] {
  const sign = isDescending ? -1 : 1;
  if (sort === 'id') return [...rows].sort((a, b) => sign * byId(a, b));
  const keys = new Map(rows.map((row) => [row, keyOf(row, sort, now)]));
  return [...rows].sort((a, b) => sign * (keys.get(a)! - keys.get(b)!) || b.status.createdAt - a.status.createdAt || byId(a, b));
}

const collator = new Intl.Collator('en', { numeric: true });
const byId = (a: Row, b: Row): number => collator.compare(a.id, b.id);

function keyOf({ status, state, rate }: Row, column: Exclude<Column, 'id'>, now: number): number {
  switch (column) {
    case 'state':
      return STATES.indexOf(state);
    case 'started':
      return status.createdAt;
    case 'duration': {
      const span = spanOf(status, state);
      return span ? (span.to ?? now) - span.from : -1;
    }
    case 'stdout':
      return status.stdout.bytes;
    case 'stderr':
      return status.stderr.bytes;
    case 'rate':
      return rate.current;
    case 'readers':
      return status.readers;
  }
}
