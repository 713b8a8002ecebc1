import type { Gap, Line, LinePage, Output } from '../api/contract';
import { Folds } from './folds';
import { outputsOf, type LiveLog, type View } from './live';
import { Pages } from './pages';
import type { LineSource, RowContent } from './viewport';

/** Beyond what is seen: traces begin and end there. */
const FETCHED_AROUND = 60;

export type AskPage = (outputs: readonly Output[], first: number, count: number) => Promise<LinePage>;

/** A log as some of its outputs show it: its end as it grows, and windows into what came before. */
export class LogView implements LineSource {
  readonly folds = new Folds(this);
  readonly #pages: Pages;

  /** @param isFolding Whether stack traces are folded. */
  constructor(
    readonly live: LiveLog,
    readonly view: View,
    ask: AskPage,
    arrived: () => void,
    public isFolding: boolean,
  ) {
    this.#pages = new Pages((first, count) => ask(outputsOf(view), first, count), this.positionOf, arrived);
  }

  positionOf = (line: Line): number => (this.view === 'both' ? line.number : line.index);

  get first(): number {
    return this.live.first(this.view);
  }

  get complete(): number {
    return this.live.lines(this.view).end;
  }

  get end(): number {
    return this.complete + this.live.open(this.view).length;
  }

  at(position: number): Line | undefined {
    return position < this.complete ? (this.live.lines(this.view).at(position) ?? this.#pages.at(position)) : this.live.open(this.view)[position - this.complete];
  }

  row(position: number): RowContent {
    const line = this.at(position);
    return { line, isGone: !line && this.#pages.isGone(position), gaps: this.#gapsBefore(position), skipped: 0, fold: this.isFolding ? this.folds.at(position) : null };
  }

  isHidden(position: number): boolean {
    return this.isFolding && this.folds.hides(position) && this.#gapsBefore(position).length === 0;
  }

  reveal(position: number): void {
    this.folds.reveal(position);
  }

  refresh(): void {
    this.folds.refresh();
  }

  want(from: number, to: number): void {
    const { start, end } = this.live.lines(this.view);
    const leaving = start > this.first ? start + Math.floor((end - start) / 2) : start; // What is soon not at hand any more, while somebody looks at it.
    this.#pages.want(Math.max(from - FETCHED_AROUND, this.first), Math.min(to + FETCHED_AROUND, leaving));
  }

  close(): void {
    this.#pages.close();
  }

  #gapsBefore(position: number): Gap[] {
    const live = this.live.gapsBefore(this.view, position);
    return live.length > 0 ? live : this.#pages.gapsBefore(position);
  }
}
