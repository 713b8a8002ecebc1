import { describe, expect, it } from 'vitest';
import { EVERYTHING, formatQuery, isFiltered, parseQuery, toggled, type Query } from '../../src/sessions/query';

describe('the query in the address', () => {
  it('is empty for everything in its usual order', () => {
    expect(formatQuery(EVERYTHING)).toBe('');
    expect(parseQuery('')).toEqual(EVERYTHING);
  });

  it('can be read', () => {
    expect(formatQuery({ ...EVERYTHING, states: ['live', 'failed'], sort: 'stdout' })).toBe('?state=live,failed&sort=-stdout');
  });

  it.each<Partial<Query>>([
    { text: 'nightly run' },
    { text: '100% & more = ä#?' },
    { states: ['waiting', 'expired'] },
    { labels: ['team=etl', 'a=b=c', 'x=&y', 'empty='] },
    { sort: 'id', isDescending: false },
    { sort: 'started', isDescending: false },
    { text: 'a', states: ['live'], labels: ['b=c'], sort: 'rate', isDescending: true },
  ])('comes back as it was: %j', (part) => {
    const query = { ...EVERYTHING, ...part };
    expect(parseQuery(formatQuery(query))).toEqual(query);
  });

  it('leaves out what it does not know', () => {
    expect(parseQuery('?state=live,what&sort=-what&label=&other=1&label=a%3Db&label=a%3Db')).toEqual({ ...EVERYTHING, states: ['live'], labels: ['a=b'] });
  });

  it('is a filter when it leaves something out', () => {
    expect(isFiltered({ ...EVERYTHING, text: '  ', sort: 'id' })).toBe(false);
    expect(isFiltered({ ...EVERYTHING, labels: ['a=b'] })).toBe(true);
  });
});

it('toggles', () => {
  expect(toggled(['a', 'b'], 'b')).toEqual(['a']);
  expect(toggled(['a'], 'b')).toEqual(['a', 'b']);
});
