import { expect, it } from 'vitest';
import { placeOf, routeOf } from '../../src/ui/route';

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

it.each([
  ['/', '/', '/'],
  ['/s/relay', '/', '/s/relay'],
  ['/relay/s/nightly', '/relay/', '/relay/s/nightly'],
  ['/relay', '/relay/', '/relay'],
  ['/', '/relay/', '/relay/'],
  ['/s/n%C3%A4chtlich', '/relay/', '/relay/s/n%C3%A4chtlich'],
  ['/relayed', '/relay/', '/relay/relayed'],
])('%s belongs below %s at %s', (path, base, place) => expect(placeOf(path, base)).toBe(place));
