import type { LinePage } from '../api/contract';
import { SparkProgress, type SparkState } from '../text/spark';
import { plainText } from '../text/terminal';
import type { LiveLog } from './live';

/** A driver says in so many of its first lines what runs. */
const HEAD_LINES = 300;

/** Of a line so many bytes are looked at. */
const LOOKED_AT = 1024;

/** Follows a Spark application by what its log says: how it begins, and all that comes while the page is open. */
export class SparkWatch {
  readonly #progress = new SparkProgress();
  #next = 0; // Position of the first line that was not looked at.
  #hasHead = false;

  constructor(private readonly live: LiveLog) {}

  get state(): SparkState | null {
    return this.#progress.state;
  }

  /** Looks at how the log begins. @param ask Gives a window of it. */
  async begin(ask: (first: number, count: number) => Promise<LinePage>): Promise<void> {
    if (this.#hasHead || this.live.first('both') > 0) return; // Or retention has taken it.
    const { entries } = await ask(0, HEAD_LINES);
    this.#hasHead = true;
    for (const entry of entries) if (entry.kind === 'line') this.#progress.addName(textOf(entry.head));
  }

  /** There are more lines. */
  grown(): void {
    const lines = this.live.lines('both');
    if (this.#next < lines.start) {
      this.#progress.forgetStages();
      this.#next = lines.start;
    }
    for (; this.#next < lines.end; this.#next++) this.#progress.add(textOf(lines.at(this.#next)!.head));
    for (const open of this.live.open('both')) this.#progress.add(textOf(open.head));
  }
}

const textOf = (line: Uint8Array): string => plainText(line.subarray(0, LOOKED_AT));
