import { describe, expect, it } from 'vitest';
import { idProblem, parseLabels } from '../../src/sessions/rules';

describe('an id', () => {
  it.each(['a', 'nightly 2026', '...', 'ä'.repeat(128), '✨ 夜間 <b>', '-x', ' '])('may be %j', (id) => expect(idProblem(id)).toBeNull());

  it.each([
    ['', /needed/],
    ['.', /“\.”/],
    ['..', /“\.\.”/],
    ['a/b', /no \//],
    ['a\\b', /no \\/],
    ['a\nb', /U\+000A/],
    ['a\u0085b', /U\+0085/],
    ['a\u007fb', /U\+007F/],
    ['a'.repeat(257), /has 257/],
    ['ä'.repeat(129), /has 258/],
    ['a\ud800', /half of a character/],
  ])('cannot be %j', (id, problem) => expect(idProblem(id)).toMatch(problem));
});

describe('labels', () => {
  it('are name=value, one in a line', () => {
    expect(parseLabels('team=etl\n\n  branch = feature/a=b \nempty=')).toEqual({ labels: { team: 'etl', branch: 'feature/a=b', empty: '' }, problem: null });
    expect(parseLabels('')).toEqual({ labels: {}, problem: null });
  });

  it('may have any name', () => expect(Object.entries(parseLabels('__proto__=x').labels)).toEqual([['__proto__', 'x']]));

  it.each([
    ['team', /“team” is not/],
    ['=etl', /“=etl” is not/],
    ['a=1\na=2', /“a” stands there twice/],
    [`${'n'.repeat(65)}=x`, /has 65/],
    [`a=${'v'.repeat(257)}`, /has 257/],
    [Array.from({ length: 33 }, (_, index) => `l${index}=x`).join('\n'), /these are 33/],
  ])('cannot be %j', (text, problem) => expect(parseLabels(text).problem).toMatch(problem));
});
