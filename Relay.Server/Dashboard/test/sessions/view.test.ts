import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/sessions/list';
import { EVERYTHING, type Query } from '../../src/sessions/query';
import { viewOf } from '../../src/sessions/view';
import { output, row } from './make';

const live = output({ state: 'open', writer: 'run', bytes: 500 });
const ROWS: Row[] = [
  row('nightly-2', { createdAt: 3000, labels: { team: 'etl', branch: 'main' }, stdout: live }),
  row('nightly-10', { createdAt: 1000, labels: { team: 'ml' }, state: 'completed', exitCode: 0, completedAt: 9000 }),
  row('Backfill', { createdAt: 2000, labels: { team: 'etl' }, state: 'completed', exitCode: 2, completedAt: 2500, stdout: output({ state: 'ended', bytes: 900 }) }),
];

const idsOf = (part: Partial<Query>, rows = ROWS) => viewOf(rows, { ...EVERYTHING, ...part }, 10_000).rows.map(({ id }) => id);

describe('filters', () => {
  it.each<[string, Partial<Query>, string[]]>([
    ['nothing', {}, ['nightly-2', 'Backfill', 'nightly-10']],
    ['a word of the id, whatever its case', { text: 'BACK' }, ['Backfill']],
    ['a word of a label', { text: 'team=et' }, ['nightly-2', 'Backfill']],
    ['all of several words, each in any place', { text: ' nightly  main ' }, ['nightly-2']],
    ['no word across two places', { text: 'etlbranch' }, []],
    ['a label as it is', { labels: ['team=etl'] }, ['nightly-2', 'Backfill']],
    ['no part of a label', { labels: ['team=et'] }, []],
    ['all of several labels', { labels: ['team=etl', 'branch=main'] }, ['nightly-2']],
    ['any of several states', { states: ['live', 'failed'] }, ['nightly-2', 'Backfill']],
  ])('find %s', (_, query, ids) => expect(idsOf(query)).toEqual(ids));

  it('count states over what the others let through', () => {
    const { counts } = viewOf(ROWS, { ...EVERYTHING, labels: ['team=etl'], states: ['live'] }, 0);
    expect(counts).toMatchObject({ live: 1, failed: 1, completed: 0 });
  });
});

describe('order', () => {
  it.each<[Partial<Query>, string[]]>([
    [{ sort: 'started', isDescending: false }, ['nightly-10', 'Backfill', 'nightly-2']],
    [{ sort: 'id', isDescending: false }, ['Backfill', 'nightly-2', 'nightly-10']],
    [{ sort: 'id', isDescending: true }, ['nightly-10', 'nightly-2', 'Backfill']],
    [{ sort: 'stdout', isDescending: true }, ['Backfill', 'nightly-2', 'nightly-10']],
    [{ sort: 'duration', isDescending: true }, ['nightly-10', 'nightly-2', 'Backfill']],
    [{ sort: 'state', isDescending: false }, ['nightly-2', 'Backfill', 'nightly-10']],
  ])('%j', (query, ids) => expect(idsOf(query)).toEqual(ids));

  it('is newest first where it says nothing, in either direction', () => {
    for (const isDescending of [true, false]) expect(idsOf({ sort: 'readers', isDescending })).toEqual(['nightly-2', 'Backfill', 'nightly-10']);
  });

  it('leaves the list alone', () => {
    const rows = Object.freeze([...ROWS]);
    expect(() => viewOf(rows, EVERYTHING, 0)).not.toThrow();
  });
});
