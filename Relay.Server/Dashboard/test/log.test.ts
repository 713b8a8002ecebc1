import { expect, it } from 'vitest';
import { markOf } from '../src/log/finder';
import { marked } from '../src/log/marked';
import { hashOf, rangeOf } from '../src/log/permalink';
import { Ring } from '../src/log/ring';
import { scaleOf } from '../src/log/scale';
import { stampOf } from '../src/log/stamps';
import type { Line } from '../src/api/contract';

const VIEW = 800;

it.each([500, 8_000_000, 20_000_000, 200_000_000])('a bar for %i pixels reaches both ends and goes back to where it came from', (log) => {
  const scale = scaleOf(log, VIEW);
  expect(scale.height).toBeLessThanOrEqual(8_000_000);
  expect(scale.toLog(0)).toBe(0);
  expect(scale.toLog(scale.height - VIEW)).toBeCloseTo(Math.max(0, log - VIEW));
  for (const top of [0, 1, 1000, log / 3, log / 2, log - VIEW - 1000, log - VIEW].filter((place) => place >= 0 && place <= log - VIEW)) {
    expect(scale.toLog(scale.toBar(top))).toBeCloseTo(top, 3);
  }
});

it('near the ends a pixel of the bar is a pixel of the log', () => {
  const scale = scaleOf(200_000_000, VIEW);
  expect(scale.toLog(1234)).toBe(1234);
  expect(scale.toLog(scale.height - VIEW - 1234)).toBe(200_000_000 - VIEW - 1234);
});

it.each(['#L1', '#L120-L130'])('%s is the same there and back', (hash) => expect(hashOf(rangeOf(hash)!)).toBe(hash));
it.each(['', '#', '#L0', '#Lx', '#L1-', 'L1', '#L1-L2-L3', '#L99999999999999999'])('“%s” points at no line', (hash) => expect(rangeOf(hash)).toBeNull());
it('a range that is turned around is meant all the same', () => expect(rangeOf('#L9-L3')).toEqual({ from: 2, to: 8 }));

const line = (bytes: number): Line => ({ kind: 'line', head: new Uint8Array(bytes), tail: new Uint8Array(0) }) as Line;

it('a ring keeps the last lines, as many as it may and no more than it may cost', () => {
  const ring = new Ring(100, 10, 1_000_000);
  for (let i = 0; i < 25; i++) ring.push(line(i));
  expect([ring.start, ring.end]).toEqual([115, 125]);
  expect(ring.at(114)).toBeUndefined();
  expect(ring.at(115)!.head.length).toBe(15);
  ring.push(line(2_000_000));
  expect([ring.start, ring.end]).toEqual([125, 126]);
});

it('what is looked for is marked across the borders of spans', () => {
  const spans = [{ text: 'a nee', style: null }, { text: 'dle, Needle', style: { bold: true } as const }];
  const cut = marked(spans, markOf({ text: 'needle', isRegex: false, matchCase: false, minLevel: 0 })!);
  expect(cut.map(({ text, isMarked }) => [text, !!isMarked])).toEqual([['a ', false], ['nee', true], ['dle', true], [', ', false], ['Needle', true]]);
});

it('what looks like a regular expression is text', () => {
  const mark = markOf({ text: '[a-z]+(.*)\\', isRegex: false, matchCase: true, minLevel: 0 })!;
  expect('x [a-z]+(.*)\\ y'.match(mark)).toEqual(['[a-z]+(.*)\\']);
  expect(markOf({ text: '(a+)+$', isRegex: true, matchCase: true, minLevel: 0 })).toBeNull();
});

it('relative times count from the beginning', () => {
  expect(stampOf(5_000_000, 'relative', 5_000_000).text).toBe('+0.000');
  expect(stampOf(65_250_000, 'relative', 0).text).toBe('+1:05.250');
  expect(stampOf(3_723_004_000, 'relative', 0).text).toBe('+1:02:03.004');
  expect(stampOf(1_706_702_400_123_000, 'utc', 0).text).toBe('12:00:00.123');
});
