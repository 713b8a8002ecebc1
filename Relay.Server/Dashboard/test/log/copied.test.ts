import { describe, expect, it } from 'vitest';
import { copyOf } from '../../src/log/copied';
import { count } from '../../src/ui/format';
import { lineOf, pageOf } from './make';

/** A log of which retention has taken what is before `kept`. */
const logOf = (kept: number, end: number) => async (first: number, most: number) => {
  const begin = Math.max(first, kept);
  return pageOf(Array.from({ length: Math.max(0, Math.min(most, end - begin)) }, (_, i) => lineOf(`line ${begin + i}`, begin + i)));
};

describe('A copy', () => {
  it('has the lines that were asked for', async () => {
    expect(await copyOf({ from: 5, to: 7 }, logOf(0, 100))).toBe('line 5\nline 6\nline 7\n');
    expect((await copyOf({ from: 0, to: 2499 }, logOf(0, 5000))).split('\n')).toHaveLength(2501);
  });

  it('says what is not in it', async () => {
    expect(await copyOf({ from: 5, to: 11 }, logOf(10, 100))).toBe('line 10\nline 11\n… 5 of these lines are not there.\n');
    expect(await copyOf({ from: 98, to: 102 }, logOf(0, 100))).toBe('line 98\nline 99\n… 3 of these lines are not there.\n');
    const long = { ...lineOf('begin', 0), omitted: 1000, tail: new Uint8Array(24) };
    expect(await copyOf({ from: 0, to: 0 }, async () => pageOf([long]))).toBe('begin … 1.0 KiB more\n');
    expect((await copyOf({ from: 0, to: 20_009 }, logOf(0, 30_000))).split('\n').slice(-3, -1)).toEqual(['line 19999', `… 10 more lines are not copied: no more than ${count(20_000)} are. Save has them all.`]);
    await expect(copyOf({ from: 1, to: 3 }, logOf(10, 100))).rejects.toThrow('These lines are not there.');
  });
});
