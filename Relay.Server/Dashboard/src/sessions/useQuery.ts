import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { replaceQuery } from '../ui/router';
import { formatQuery, parseQuery, type Query } from './query';

/** Browsers refuse to have the address changed with every key: Safari takes a hundred changes in 30 s. */
const WRITE_AFTER = 350;

/** The query, kept in the address. */
export function useQuery(search: string): [Query, (change: Partial<Query>) => void] {
  const [query, set] = useState(() => parseQuery(search));
  const written = useRef(search);
  const change = useCallback((part: Partial<Query>) => set((before) => ({ ...before, ...part })), []);

  useEffect(() => {
    if (search === written.current) return;
    written.current = search;
    set(parseQuery(search));
  }, [search]);

  useEffect(() => {
    const next = formatQuery(query);
    if (next === formatQuery(parseQuery(written.current))) return;
    const timer = setTimeout(() => {
      written.current = next;
      replaceQuery(next);
    }, WRITE_AFTER);
    return () => clearTimeout(timer);
  }, [query]);

  return [query, change];
}
