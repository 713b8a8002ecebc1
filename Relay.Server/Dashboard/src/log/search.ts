import type { Finder, FindState, Query } from './finder';
import { markOf } from './finder';

/** A search that somebody goes through, from match to match. */
export class Search {
  /** Places in a line to mark. */
  readonly mark: RegExp | null;
  readonly finder: Finder;
  /** Position of the match that the page went to. */
  found: number | null = null;
  #pending: { direction: 1 | -1; seen: number } | null = null; // Asked for before it was found.

  /**
   * @param begin Begins to look.
   * @param changed More is known.
   * @param reached Goes to the match that was asked for.
   */
  constructor(
    query: Query,
    begin: (changed: (state: FindState) => void) => Finder,
    changed: () => void,
    private readonly reached: (position: number) => void,
  ) {
    this.mark = markOf(query);
    this.finder = begin(() => {
      if (this.#pending) this.goOn(this.#pending.direction, this.#pending.seen);
      changed();
    });
  }

  get state(): FindState {
    return this.finder.state;
  }

  /** Which of the matches the page went to, from 0. */
  get index(): number | null {
    return this.found === null ? null : this.finder.indexOf(this.found);
  }

  /**
   * Goes to the next match, or the one before, around the ends; as soon as there is one.
   * @param seen Where to begin if it went to none yet.
   */
  goOn(direction: 1 | -1, seen: number): void {
    const found = this.finder.near(this.found ?? seen - (direction === 1 ? 1 : 0), direction);
    this.#pending = found === null && this.state.isSearching ? { direction, seen } : null;
    if (found === null) return;
    this.found = found;
    this.reached(found);
  }

  stop(): void {
    this.finder.stop();
  }
}
