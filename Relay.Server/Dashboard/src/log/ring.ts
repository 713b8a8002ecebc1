import type { Line } from '../api/contract';

/** What a line takes up beside its bytes, about. */
const LINE_COST = 300;

export const costOf = (line: Line): number => LINE_COST + line.head.length + line.tail.length;

/** The last lines of a log, bounded by their count and by what they take up. Their positions follow on each other without a hole. */
export class Ring {
  #lines: Line[] = [];
  #from = 0; // Index of the first line that is still kept.
  #cost = 0;
  /** Position behind the last line. */
  end: number;

  /** @param end Position of the first line that will be pushed. */
  constructor(
    end: number,
    private readonly mostLines: number,
    private readonly mostCost: number,
  ) {
    this.end = end;
  }

  /** Position of the first line that is kept. */
  get start(): number {
    return this.end - (this.#lines.length - this.#from);
  }

  at(position: number): Line | undefined {
    return position < this.start ? undefined : this.#lines[this.#from + position - this.start];
  }

  push(line: Line): void {
    this.#lines.push(line);
    this.end++;
    this.#cost += costOf(line);
    while (this.#lines.length - this.#from > 1 && (this.#lines.length - this.#from > this.mostLines || this.#cost > this.mostCost)) {
      this.#cost -= costOf(this.#lines[this.#from]!);
      this.#from++;
    }
    if (this.#from > this.mostLines) {
      this.#lines = this.#lines.slice(this.#from);
      this.#from = 0;
    }
  }
}
