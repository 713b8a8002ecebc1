import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HubConnection } from '@microsoft/signalr';
import { Finder } from '../../src/log/finder';
import { Search } from '../../src/log/search';

const QUERY = { text: 'x', isRegex: false, matchCase: false, minLevel: 0 };

/** A relay that searches as the test says. */
function relay() {
  let subscriber: { next: (item: unknown) => void; complete: () => void };
  const requests: unknown[][] = [];
  const disposed: number[] = [];
  const hub = {
    stream: (_: string, request: unknown[]) => {
      requests.push(request);
      return { subscribe: (to: typeof subscriber) => ((subscriber = to), { dispose: () => disposed.push(requests.length) }) };
    },
  } as unknown as HubConnection;
  /** A batch: what was found, how far the search is, and why it ends: 0 it goes on, 1 all was searched, 3 it took too long. */
  const tell = async (positions: number[], next: number, end = 0) => {
    await vi.advanceTimersByTimeAsync(0);
    subscriber.next([positions, [], next, 2000, next, end]);
    if (end) subscriber.complete();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { hub, requests, disposed, tell };
}

function searchOf(hub: HubConnection) {
  const reached: number[] = [];
  const search = new Search(QUERY, (changed) => new Finder('s', [], QUERY, async () => hub, changed), () => {}, (position) => reached.push(position));
  return { search, reached };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('window', globalThis);
});
afterEach(() => vi.useRealTimers());

describe('Search', () => {
  it('goes to the match behind what is seen, however late it is found', async () => {
    const { hub, tell } = relay();
    const { search, reached } = searchOf(hub);
    search.goOn(1, 1000);
    await tell([10, 20], 500);
    expect(reached).toEqual([]);
    await tell([1500], 1600);
    expect(reached).toEqual([1500]);
    search.goOn(1, 1500);
    expect(reached).toEqual([1500]);
    await tell([], 2000, 1);
    expect(reached, 'around the end, once all is known').toEqual([1500, 10]);
  });

  it('goes to the last match before what is seen once all before it is searched', async () => {
    const { hub, tell } = relay();
    const { search, reached } = searchOf(hub);
    search.goOn(-1, 1000);
    await tell([10, 20], 500);
    expect(reached).toEqual([]);
    await tell([900], 1200);
    expect(reached).toEqual([900]);
    search.goOn(-1, 900);
    expect(reached).toEqual([900, 20]);
  });

  it('goes on where it took too long, and its progress with it', async () => {
    const { hub, tell, requests } = relay();
    const { search } = searchOf(hub);
    await tell([10], 1000, 3);
    expect(search.state).toMatchObject({ found: 1, progress: 0.5, isSearching: true });
    await tell([], 500);
    expect(search.state.progress).toBe(0.75);
    expect(requests.map((request) => request[7])).toEqual([0, 1000]);
    await tell([1900], 2000, 1);
    expect(search.state).toMatchObject({ found: 2, progress: 1, isSearching: false });
  });

  it('is cancelled at the relay when nobody wants it any more', async () => {
    const { hub, disposed } = relay();
    const { search } = searchOf(hub);
    await vi.advanceTimersByTimeAsync(0);
    search.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(disposed).toEqual([1]);
  });

  it('that no match answers goes nowhere', async () => {
    const { hub, tell } = relay();
    const { search, reached } = searchOf(hub);
    search.goOn(1, 0);
    await tell([], 2000, 1);
    search.goOn(-1, 0);
    expect(reached).toEqual([]);
    expect(search.index).toBeNull();
  });
});
