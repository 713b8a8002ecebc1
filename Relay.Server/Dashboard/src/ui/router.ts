import { useEffect, useState } from 'preact/hooks';
import { placeOf, routeOf, type Route } from './route';

const listeners = new Set<() => void>();
let moved = false;

const basePath = (): string => new URL(document.baseURI).pathname;
const currentRoute = (): Route => routeOf(location.pathname, basePath());

/** Whether this page was reached from another one of the application, without a load. */
export const wasNavigatedTo = (): boolean => moved;

export function navigate(href: string): void {
  history.pushState(null, '', href);
  changed(true);
}

/** Puts another query into the address of the page as it stands, without a step in the history. */
export function replaceQuery(search: string): void {
  history.replaceState(history.state, '', location.pathname + search + location.hash);
  changed(false);
}

/** What the page wants to know of itself when somebody comes back to it. */
export const keepInHistory = (state: Record<string, unknown>): void => history.replaceState({ ...history.state, ...state }, '');
export const keptInHistory = (name: string): unknown => (history.state as Record<string, unknown> | null)?.[name];

export function startRouter(): void {
  const place = placeOf(location.pathname, basePath());
  if (place !== location.pathname) history.replaceState(history.state, '', place + location.search + location.hash);
  addEventListener('popstate', () => changed(true));
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href]') : null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (routeOf(link.pathname, basePath()).page === 'unknown' || (link.hash && link.pathname === location.pathname)) return;
    event.preventDefault();
    navigate(link.href);
  });
}

function changed(isMove: boolean): void {
  moved ||= isMove;
  for (const listener of [...listeners]) listener();
}

/** The page's path and query, also when they change. */
export function useAddress(): { route: Route; path: string; search: string } {
  const [, redraw] = useState(location.href);
  useEffect(() => {
    const listener = () => redraw(location.href);
    listeners.add(listener);
    listener();
    return () => void listeners.delete(listener);
  }, []);
  return { route: currentRoute(), path: location.pathname, search: location.search };
}
