import type { HubConnection } from '@microsoft/signalr';
import { searchRequest, toSearchBatch, type Output, type SearchBatch } from '../api/contract';
import { ofHub } from '../api/failure';
import { itemsOf } from '../api/stream';

/** What somebody looks for. */
export interface Query {
  text: string;
  isRegex: boolean;
  matchCase: boolean;
  /** 0 any, 1 trace … 6 fatal. */
  minLevel: number;
}

export const isSame = (one: Query, other: Query): boolean =>
  one.text === other.text && one.isRegex === other.isRegex && one.matchCase === other.matchCase && one.minLevel === other.minLevel;

export interface FindState {
  query: Query;
  found: number;
  /** From 0 to 1. */
  progress: number;
  isSearching: boolean;
  /** There are more than a page keeps. */
  isFull: boolean;
  failure: string | null;
}

/**
 * Finds the places within a line of text that was looked for. Not for regular expressions: JavaScript's engine can take years for one that the relay's does at
 * once, so of those the line is marked as a whole.
 */
export const markOf = ({ text, isRegex, matchCase }: Query): RegExp | null =>
  isRegex || !text ? null : new RegExp(text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&'), matchCase ? 'g' : 'gi');

/** A page keeps the places of so many matches. */
const MOST = 100_000;

/** A log that grows is searched further so often. */
const GROWN_MS = 500;

/** Searches all of a log, at the relay, and goes on as it grows. */
export class Finder {
  /** Of the lines that match, ascending. */
  readonly positions: number[] = [];
  state: FindState;
  #next = 0;
  #hasGrown = false;
  #waiting = 0;
  #searched = 0; // Bytes, by runs that took too long.
  readonly #stopped = new AbortController();

  constructor(
    private readonly session: string,
    private readonly outputs: readonly Output[],
    query: Query,
    private readonly hub: () => Promise<HubConnection>,
    private readonly changed: (state: FindState) => void,
  ) {
    this.state = { query, found: 0, progress: 0, isSearching: true, isFull: false, failure: null };
    void this.#run();
  }

  /** There is more to search. */
  grown(): void {
    this.#hasGrown = true;
    if (this.state.isSearching || this.state.isFull || this.state.failure !== null) return;
    this.#waiting ||= window.setTimeout(() => {
      this.#waiting = 0;
      void this.#run();
    }, GROWN_MS);
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#waiting);
  }

  /** The match behind a position, or the one before it; around the ends. Null where there is none, or none can be known yet. */
  near(position: number, direction: 1 | -1): number | null {
    const index = this.indexOf(position);
    const wanted = direction === 1 ? index + (this.positions[index] === position ? 1 : 0) : index - 1;
    const isOverEnd = wanted < 0 || wanted >= this.positions.length;
    const isKnown = direction === 1 ? !isOverEnd : this.#next >= position && !isOverEnd;
    if (!isKnown && this.state.isSearching && this.state.progress < 1) return null;
    return this.positions.at(wanted >= this.positions.length ? 0 : wanted) ?? null;
  }

  /** How many matches come before a position. */
  indexOf(position: number): number {
    let [low, high] = [0, this.positions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.positions[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(position: number): boolean {
    return this.positions[this.indexOf(position)] === position;
  }

  async #run(): Promise<void> {
    this.#say({ isSearching: true });
    while (!this.#stopped.signal.aborted) {
      this.#hasGrown = false;
      try {
        const end = await this.#search();
        if (end === 'time') continue;
        this.#say({ isSearching: false, isFull: end === 'limit', progress: 1 });
        if (this.#hasGrown) this.grown();
        return;
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        const failure = ofHub(error);
        if (!failure.isPassing && !failure.isAwaited) {
          this.#say({ isSearching: false, failure: failure.message });
          return;
        }
        await new Promise((done) => setTimeout(done, GROWN_MS)); // The connection broke. It goes on from where it was.
      }
    }
  }

  async #search(): Promise<SearchBatch['end']> {
    const hub = await this.hub();
    const { text, isRegex, matchCase, minLevel } = this.state.query;
    const request = { session: this.session, outputs: this.outputs, pattern: text, isRegex, matchCase, minLevel, from: this.#next, backwards: false };
    const stream = hub.stream('Search', searchRequest({ ...request, limit: MOST - this.positions.length }));
    for await (const batch of itemsOf(stream, toSearchBatch, this.#stopped.signal)) {
      for (const position of batch.positions) if (position > (this.positions.at(-1) ?? -1)) this.positions.push(position);
      this.#next = batch.next;
      const searched = this.#searched + batch.searched;
      this.#say(this.state.progress < 1 ? { progress: Math.min(0.999, searched / Math.max(1, batch.total)) } : {});
      if (batch.end === 'time') this.#searched = searched;
      if (batch.end) return this.positions.length >= MOST ? 'limit' : batch.end;
    }
    return 'complete';
  }

  #say(part: Partial<FindState>): void {
    if (this.#stopped.signal.aborted) return;
    this.state = { ...this.state, ...part, found: this.positions.length };
    this.changed(this.state);
  }
}
