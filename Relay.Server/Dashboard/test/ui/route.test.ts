import { expect, it } from 'vitest';
import { routeOf } from '../../src/ui/route';

it.each([
  ['/', '/', { page: 'sessions' }],
  ['/index.html', '/', { page: 'sessions' }],
  ['/relay/', '/relay/', { page: 'sessions' }],
  ['/relay', '/relay/', { page: 'sessions' }],
  ['/s/nightly', '/', { page: 'log', session: 'nightly' }],
  ['/relay/s/n%C3%A4chtlich%20%3F%231', '/relay/', { page: 'log', session: 'nächtlich ?#1' }],
  ['/s/', '/', { page: 'unknown' }],
  ['/s/a/b', '/', { page: 'unknown' }],
  ['/s/%E0%A4%A', '/', { page: 'unknown' }],
  ['/docs', '/', { page: 'unknown' }],
  ['/s/nightly', '/relay/', { page: 'unknown' }],
])('%s below %s', (path, base, route) => expect(routeOf(path, base)).toEqual(route));
