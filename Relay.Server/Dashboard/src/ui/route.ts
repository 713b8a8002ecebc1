export type Route = { page: 'sessions' } | { page: 'log'; session: string } | { page: 'unknown' };

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
