import type { LinePage, Output } from '../api/contract';
import type { Finder } from './finder';
import { outputsOf } from './live';
import { Pages } from './pages';
import type { LogView } from './view';
import type { LineSource, RowContent } from './viewport';

export type AskLines = (outputs: readonly Output[], at: readonly number[]) => Promise<LinePage>;

/**
 * What a search found, each match with so many lines around it, and nothing else. Rows come as the search goes on, in the order of the log, and stay where they
 * are; a position here is that of a row.
 */
export class FilteredLines implements LineSource {
  readonly first = 0;
  /** The line of each row, by its position in the log, but those behind the last match. */
  readonly #rows: number[] = [];
  readonly #pages: Pages;
  #taken = 0; // Matches that have their rows.

  constructor(
    private readonly log: Pick<LogView, 'view' | 'first' | 'end' | 'at' | 'positionOf'>,
    private readonly finder: Pick<Finder, 'positions'>,
    /** Lines before and behind each match. */
    private readonly around: number,
    ask: AskLines,
    arrived: () => void,
  ) {
    const askRows = async (first: number, count: number): Promise<LinePage> => {
      const at = Array.from({ length: Math.min(count, this.end - first) }, (_, index) => this.lineOf(first + index));
      return at.length > 0 ? ask(outputsOf(log.view), at) : { cursor: null, outputs: [], entries: [] };
    };
    this.#pages = new Pages(askRows, (line) => this.rowOf(log.positionOf(line)), arrived);
  }

  get end(): number {
    return this.#rows.length + this.#behind;
  }

  refresh(): void {
    for (const { positions } = this.finder; this.#taken < positions.length; this.#taken++) {
      const match = positions[this.#taken]!;
      if (this.#taken > 0) this.#add(0, Math.min(positions[this.#taken - 1]! + this.around, match - 1));
      this.#add(match - this.around, match);
    }
  }

  row(row: number): RowContent {
    const position = this.lineOf(row);
    const before = row === 0 ? this.log.first - 1 : this.lineOf(row - 1);
    // Where each match stands alone all of them are apart.
    const line = this.log.at(position) ?? this.#pages.at(row);
    return { line, isGone: !line && (position < this.log.first || this.#pages.isGone(row)), gaps: [], skipped: this.around > 0 ? position - before - 1 : 0, fold: null };
  }

  isHidden(): boolean {
    return false;
  }

  reveal(): void {}

  want(from: number, to: number): void {
    while (from < to && this.log.at(this.lineOf(from))) from++;
    while (from < to && this.log.at(this.lineOf(to - 1))) to--;
    this.#pages.want(from, to);
  }

  close(): void {
    this.#pages.close();
  }

  /** Position in the log of the line that is in a row. */
  lineOf(row: number): number {
    return row < this.#rows.length ? this.#rows[row]! : (this.#rows.at(-1) ?? -1) + 1 + row - this.#rows.length;
  }

  /** The row of a line, or of the next one that has a row. */
  rowOf(position: number): number {
    let [low, high] = [0, this.end];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lineOf(middle) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Rows behind the last match. They belong to it alone until there is another. */
  get #behind(): number {
    const last = this.#rows.at(-1);
    return last === undefined ? 0 : Math.max(0, Math.min(this.around, this.log.end - 1 - last));
  }

  /** Rows for these lines, but for those that have one. */
  #add(from: number, to: number): void {
    const next = (this.#rows.at(-1) ?? this.log.first - 1) + 1;
    for (let position = Math.max(from, next); position <= to; position++) this.#rows.push(position);
  }
}
