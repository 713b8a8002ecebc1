import { describe, expect, it } from 'vitest';
import { absolute, age, bytes, compactCount, count, duration, machineTime, rate } from '../../src/ui/format';

const THIN = '\u202f';
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1023.96, '1.0 MiB'],
    [12.4 * 1024 ** 2, '12.4 MiB'],
    [1.5 * 1024 ** 4, '1.5 TiB'],
    [2 ** 53, '8.0 PiB'],
  ])('%d is %s', (value, text) => expect(bytes(value)).toBe(text));

  it('makes a rate', () => expect(rate(2048)).toBe('2.0 KiB/s'));
});

describe('counts', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, `1${THIN}000`],
    [1234567, `1${THIN}234${THIN}567`],
  ])('%d is %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [99_999, `99${THIN}999`],
    [100_000, `100${THIN}k`],
    [999_499, `999${THIN}k`],
    [999_500, `1.0${THIN}M`],
    [1_250_000, `1.3${THIN}M`],
    [999_950_000, `1.0${THIN}G`],
  ])('%d is %s in a narrow column', (value, text) => expect(compactCount(value)).toBe(text));
});

describe('duration', () => {
  it.each([
    [-5, '0s'],
    [999, '0s'],
    [59 * SECOND, '59s'],
    [MINUTE, '1m 00s'],
    [4 * MINUTE + 9 * SECOND, '4m 09s'],
    [HOUR + 2 * MINUTE + 59 * SECOND, '1h 02m'],
    [3 * DAY + 4 * HOUR, '3d 04h'],
  ])('%d is %s', (value, text) => expect(duration(value)).toBe(text));
});

describe('age', () => {
  it.each([
    [-HOUR, 'now'],
    [4999, 'now'],
    [12 * SECOND, '12s ago'],
    [3 * MINUTE, '3m ago'],
    [5 * HOUR, '5h ago'],
    [49 * HOUR, '2d ago'],
  ])('%d is %s', (value, text) => expect(age(value)).toBe(text));
});

describe('times', () => {
  it('are local and have their offset', () => {
    const time = new Date(2026, 0, 31, 9, 0, 5).getTime();
    expect(absolute(time)).toMatch(/^2026-01-31 09:00:05 [+-]\d\d:\d\d$/);
    expect(Date.parse(absolute(time).replace(/ ([+-])/, '$1'))).toBe(time);
  });

  it('are UTC for machines', () => expect(machineTime(0)).toBe('1970-01-01T00:00:00.000Z'));
});
