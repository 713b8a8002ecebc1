import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { keptInHistory } from '../ui/router';
import type { Row } from './list';

export interface Cursor {
  id: string | null;
  /** Its place among the rows; -1: none. */
  at: number;
  go: (to: number) => void;
  /** Element that opens the row's session. */
  link: () => HTMLElement | null;
  onFocusIn: (event: FocusEvent) => void;
  onFocusOut: (event: FocusEvent) => void;
}

/** The row that keys act on. It has the focus, follows its session through sorting, and is where it was when somebody comes back to the page. */
export function useCursor(table: RefObject<HTMLElement | null>, rows: readonly Row[]): Cursor {
  const [id, set] = useState(() => (keptInHistory('cursor') as string | undefined) ?? null);
  const wanted = useRef(id !== null);
  const holdsFocus = useRef(false);
  const link = () => (id === null ? null : (table.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] .session-link`) ?? null));

  const at = id === null ? -1 : rows.findIndex((row) => row.id === id);
  const lastAt = useRef(at);

  useLayoutEffect(() => {
    if (at >= 0) lastAt.current = at;
    const element = link();
    if (!element) {
      const next = rows[Math.min(lastAt.current, rows.length - 1)];
      if (id !== null && at < 0 && next && document.activeElement === document.body) {
        holdsFocus.current = true; // The row is gone, and its focus with it: the one in its place takes over.
        set(next.id);
      }
      return;
    }
    if (wanted.current) {
      wanted.current = false;
      element.focus();
    } else if (holdsFocus.current && document.activeElement === document.body) {
      element.focus({ preventScroll: true }); // A row that is moved loses the focus.
    }
  }, [rows, id]);

  return {
    id,
    at,
    link,
    go: (to) => {
      const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
      if (!row) return;
      if (row.id === id) return link()?.focus();
      wanted.current = true;
      set(row.id);
    },
    onFocusIn: ({ target }) => {
      const focused = (target as Element).closest<HTMLElement>('[data-id]')?.dataset['id'];
      if (focused === undefined) return;
      holdsFocus.current = true;
      set(focused);
    },
    onFocusOut: ({ relatedTarget }) => {
      if (relatedTarget) holdsFocus.current = false;
    },
  };
}
