export type Route = { page: 'sessions' } | { page: 'log'; session: string } | { page: 'unknown' };

/**
 * Where a page belongs that was asked for by `path`. The relay also answers without its prefix, to a proxy that takes it off; so does it to somebody who goes
 * round the proxy, and would find a page that knows no such address.
 */
export const placeOf = (path: string, base: string): string => (path.startsWith(base) || path + '/' === base ? path : base + path.slice(1));

/** Which page a path means, for an application that stands below `base`. */
export function routeOf(path: string, base: string): Route {
  const rest = path.startsWith(base) ? path.slice(base.length) : path === base.replace(/\/$/, '') ? '' : null;
  if (rest === '' || rest === 'index.html') return { page: 'sessions' };
  const encoded = rest === null ? null : /^s\/([^/]+)$/.exec(rest)?.[1];
  if (!encoded) return { page: 'unknown' };
  try {
    return { page: 'log', session: decodeURIComponent(encoded) };
  } catch {
    return { page: 'unknown' };
  }
}
