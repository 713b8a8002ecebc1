import { STATES, type RowState } from './state';

export const COLUMNS = ['state', 'id', 'started', 'duration', 'stdout', 'stderr', 'rate', 'readers'] as const;
export type Column = (typeof COLUMNS)[number];

/** What of the list is shown, and in which order: all of it stands in the address. */
export interface Query {
  text: string;
  /** Empty: all. */
  states: readonly RowState[];
  /** `name=value`; a session has all of them. */
  labels: readonly string[];
  sort: Column;
  isDescending: boolean;
}

export const EVERYTHING: Query = { text: '', states: [], labels: [], sort: 'started', isDescending: true };

export const startsDescending = (column: Column): boolean => column !== 'id' && column !== 'state';

export const isFiltered = ({ text, states, labels }: Query): boolean => text.trim() !== '' || states.length > 0 || labels.length > 0;

/** Understands any query, and leaves out what it does not know. */
export function parseQuery(search: string): Query {
  const values = new URLSearchParams(search);
  const [, minus, name] = /^(-?)(.*)$/.exec(values.get('sort') ?? '') ?? [];
  const sort = COLUMNS.find((column) => column === name);
  const wanted = (values.get('state') ?? '').split(',');
  return {
    text: values.get('q') ?? '',
    states: STATES.filter((state) => wanted.includes(state)),
    labels: [...new Set(values.getAll('label').filter(Boolean))],
    sort: sort ?? EVERYTHING.sort,
    isDescending: sort ? minus === '-' : EVERYTHING.isDescending,
  };
}

/** With its `?`; empty for everything in its usual order. */
export function formatQuery({ text, states, labels, sort, isDescending }: Query): string {
  const values = new URLSearchParams();
  if (text) values.set('q', text);
  for (const label of labels) values.append('label', label);
  const parts = values.size > 0 ? [values.toString()] : [];
  if (states.length > 0) parts.push(`state=${states.join(',')}`);
  if (sort !== EVERYTHING.sort || isDescending !== EVERYTHING.isDescending) parts.push(`sort=${isDescending ? '-' : ''}${sort}`);
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

export const toggled = <T>(list: readonly T[], item: T): T[] => (list.includes(item) ? list.filter((other) => other !== item) : [...list, item]);
