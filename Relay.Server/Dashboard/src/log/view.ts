import type { Gap, Line, LinePage, Output } from '../api/contract';
import { outputsOf, type LiveLog, type View } from './live';
import { Pages } from './pages';
import type { LineSource } from './viewport';

export type AskPage = (outputs: readonly Output[], first: number, count: number) => Promise<LinePage>;

/** A log as some of its outputs show it: its end as it grows, and windows into what came before. */
export class LogView implements LineSource {
  readonly #pages: Pages;

  constructor(
    readonly live: LiveLog,
    readonly view: View,
    ask: AskPage,
    arrived: () => void,
  ) {
    const positionOf = (line: Line) => (view === 'both' ? line.number : line.index);
    this.#pages = new Pages((first, count) => ask(outputsOf(view), first, count), positionOf, arrived);
  }

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

  gapsBefore(position: number): Gap[] {
    const live = this.live.gapsBefore(this.view, position);
    return live.length > 0 ? live : this.#pages.gapsBefore(position);
  }

  want(from: number, to: number): void {
    this.#pages.want(Math.max(from, this.first), Math.min(to, this.live.lines(this.view).start));
  }

  close(): void {
    this.#pages.close();
  }
}
