import { describe, expect, it } from 'vitest';
import type { Line } from '../../src/api/contract';
import { FilteredLines } from '../../src/log/filtered';
import { lineOf, pageOf, randomFrom } from './make';

/** Positions that a filter must leave, by their definition. */
const around = (matches: readonly number[], lines: number, first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, i) => first + i).filter((position) => matches.some((match) => Math.abs(match - position) <= lines));

interface Log {
  first: number;
  end: number;
  /** Lines from here on are at hand. */
  live: number;
}

function filterOf(log: Log, positions: number[], lines: number) {
  const asked: number[][] = [];
  const at = (position: number): Line | undefined => (position >= log.live ? lineOf(`line ${position}`, position) : undefined);
  const view = { view: 'both' as const, get first() { return log.first; }, get end() { return log.end; }, at, positionOf: (line: Line) => line.number };
  const ask = async (_: unknown, wanted: readonly number[]) => {
    asked.push([...wanted]);
    return pageOf(wanted.map((position) => lineOf(`line ${position}`, position)));
  };
  return { asked, filter: new FilteredLines(view, { positions }, lines, ask, () => {}) };
}

describe('FilteredLines', () => {
  for (const lines of [0, 1, 5]) {
    it(`leave each match with ${lines} lines around it, as matches come and the log grows`, () => {
      for (let seed = 0; seed < 20; seed++) {
        const random = randomFrom(seed);
        const log = { first: random(50), end: 60, live: 0 };
        const positions: number[] = [];
        const { filter } = filterOf(log, positions, lines);
        let match = log.first - 1;
        for (let step = 0; step < 60; step++) {
          log.end += random(10);
          match += 1 + random(12);
          if (match < log.end) positions.push(match);
          else match = positions.at(-1) ?? log.first - 1;
          filter.refresh();
          const rows = Array.from({ length: filter.end }, (_, row) => filter.lineOf(row));
          expect(rows).toEqual(around(positions, lines, log.first, log.end));
          expect(rows.map((position) => filter.rowOf(position))).toEqual(rows.map((_, row) => row));
        }
      }
    });
  }

  it('say how many lines are left out, where there are others', () => {
    const { filter } = filterOf({ first: 10, end: 100, live: 0 }, [20, 22, 50], 1);
    filter.refresh();
    expect(Array.from({ length: filter.end }, (_, row) => filter.row(row).skipped)).toEqual([9, 0, 0, 0, 0, 25, 0, 0]);
    const alone = filterOf({ first: 10, end: 100, live: 0 }, [20, 50], 0).filter;
    alone.refresh();
    expect([alone.row(0).skipped, alone.row(1).skipped]).toEqual([0, 0]);
  });

  it('ask for what is not at hand, and for nothing else', async () => {
    const { filter, asked } = filterOf({ first: 0, end: 1000, live: 900 }, [5, 500, 950], 1);
    filter.refresh();
    expect(filter.row(1).line).toBeUndefined();
    filter.want(0, filter.end);
    await Promise.resolve();
    await new Promise((done) => setTimeout(done, 0));
    expect(asked).toEqual([[4, 5, 6, 499, 500, 501, 949, 950, 951]]);
    expect(filter.row(1).line?.number).toBe(5);
    expect(filter.row(7).line?.number).toBe(950);
    filter.want(0, filter.end);
    filter.want(6, 9);
    await new Promise((done) => setTimeout(done, 0));
    expect(asked).toHaveLength(1);
  });
});
