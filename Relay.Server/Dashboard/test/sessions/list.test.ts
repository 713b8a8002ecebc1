import { describe, expect, it } from 'vitest';
import type { EndReason, SessionStatus } from '../../src/api/contract';
import { SessionList } from '../../src/sessions/list';
import { output, session } from './make';

const batch = (changed: SessionStatus[] = [], gone: [string, EndReason][] = [], isComplete = true) => ({
  changed,
  gone: gone.map(([id, reason]) => ({ id, reason })),
  isComplete,
});

function listOf(...ids: string[]): SessionList {
  const list = new SessionList();
  list.restart();
  list.apply(batch(ids.map((id) => session(id))), 0);
  return list;
}

const idsOf = (list: SessionList) => list.rows.map((row) => row.id).sort();
const rowOf = (list: SessionList, id: string) => list.rows.find((row) => row.id === id)!;
const wrote = (id: string, bytes: number) => session(id, { stdout: output({ state: 'open', writer: 'run', bytes }) });

describe('the list', () => {
  it('is loaded when all was told', () => {
    const list = new SessionList();
    list.restart();
    list.apply(batch([session('a')], [], false), 0);
    expect([list.isLoaded, idsOf(list)]).toEqual([false, ['a']]);
    list.apply(batch([session('b')]), 0);
    expect([list.isLoaded, idsOf(list)]).toEqual([true, ['a', 'b']]);
  });

  it('changes only the rows that changed', () => {
    const list = listOf('a', 'b');
    const [a, b] = [rowOf(list, 'a'), rowOf(list, 'b')];
    list.apply(batch([session('b', { readers: 2 })]), 0);
    expect(rowOf(list, 'a')).toBe(a);
    expect(rowOf(list, 'b')).not.toBe(b);
    expect(rowOf(list, 'b').status.readers).toBe(2);
  });

  it('is the same array until something changes', () => {
    const list = listOf('a');
    expect(list.rows).toBe(list.rows);
    const before = list.rows;
    list.apply(batch([session('a')]), 0);
    expect(list.rows).not.toBe(before);
  });

  it('drops deleted sessions and keeps expired ones until they are dismissed', () => {
    const list = listOf('a', 'b', 'c');
    list.apply(batch([], [['a', 'deleted'], ['b', 'expired'], ['unknown', 'expired']]), 0);
    expect(idsOf(list)).toEqual(['b', 'c']);
    expect(rowOf(list, 'b').state).toBe('expired');
    list.dismiss('b');
    expect(idsOf(list)).toEqual(['c']);
  });

  it('shows a session that was created anew in the place of the one that expired', () => {
    const list = listOf('a');
    list.apply(batch([], [['a', 'expired']]), 0);
    list.apply(batch([session('a', { createdAt: 5000 })]), 0);
    expect(rowOf(list, 'a')).toMatchObject({ state: 'waiting', status: { createdAt: 5000 } });
  });

  it('takes a deletion before what stands beside it: the session was created anew', () => {
    const list = listOf('a');
    list.apply(batch([session('a', { createdAt: 5000 })], [['a', 'deleted']]), 0);
    expect(idsOf(list)).toEqual(['a']);
  });
});

describe('after a reconnect', () => {
  it('rows stay until the snapshot is complete; those it did not tell are gone then', () => {
    const list = listOf('a', 'b', 'c');
    list.restart();
    list.apply(batch([session('a')], [], false), 0);
    expect(idsOf(list)).toEqual(['a', 'b', 'c']);
    list.apply(batch([session('d')]), 0);
    expect(idsOf(list)).toEqual(['a', 'd']);
  });

  it('an expired row stays', () => {
    const list = listOf('a', 'b');
    list.apply(batch([], [['a', 'expired']]), 0);
    list.restart();
    list.apply(batch([session('b')]), 0);
    expect(idsOf(list)).toEqual(['a', 'b']);
  });

  it('a snapshot that broke off counts for nothing', () => {
    const list = listOf('a', 'b');
    list.restart();
    list.apply(batch([session('a')], [], false), 0);
    list.restart();
    list.apply(batch([session('b')]), 0);
    expect(idsOf(list)).toEqual(['b']);
  });

  it('what was written meanwhile is no rate', () => {
    const list = new SessionList();
    list.restart();
    list.apply(batch([wrote('a', 100)]), 0);
    list.apply(batch([wrote('a', 600)]), 500);
    list.sample(1000);
    list.restart();
    list.apply(batch([wrote('a', 1_000_000)]), 1500);
    list.sample(2000);
    list.apply(batch([wrote('a', 1_000_300)]), 2500);
    list.sample(3000);
    expect(rowOf(list, 'a').rate.samples).toEqual([500, 0, 300]);
  });
});

it('a session of the same id that was created anew has a rate of its own', () => {
  const list = new SessionList();
  list.restart();
  list.apply(batch([wrote('a', 0)]), 0);
  const before = rowOf(list, 'a').rate;
  list.apply(batch([{ ...wrote('a', 50), createdAt: 7000 }]), 100);
  expect(rowOf(list, 'a').rate).not.toBe(before);
});
