import type { Gap, Line, LinePage } from '../api/contract';
import { BrokenLines } from './broken';
import { costOf } from './ring';

/** Lines that are fetched at once, at most. */
export const BLOCK = 250;
const MOST_COST = 24 * 1024 * 1024;
const MOST_AT_A_TIME = 2;
const PAUSE = 1000;

type Ask = (first: number, count: number) => Promise<LinePage>;

/** What a page found: lines by position, and gaps before them. */
export interface Found {
  lines: Map<number, Line>;
  gaps: Map<number, Gap[]>;
  /** Position behind the last line that came: what is missing before it is not there any more. */
  passed: number;
}

/** Fetches windows of a log, in blocks, and keeps those that were looked at last. */
export class Pages {
  /** Least recently used first. */
  readonly #blocks = new Map<number, Found>();
  readonly #asked = new Set<number>();
  readonly #resting = new Set<number>();
  #wanted: number[] = [];
  #wantedTo = 0;
  #cost = 0;
  #isClosed = false;

  /**
   * @param ask Gives rows from a position on, as many as a page holds.
   * @param positionOf Place of a line among these rows.
   */
  constructor(
    private readonly ask: Ask,
    private readonly positionOf: (line: Line) => number,
    private readonly arrived: () => void,
  ) {}

  at(position: number): Line | undefined {
    return this.#block(position)?.lines.get(position);
  }

  gapsBefore(position: number): Gap[] {
    return this.#block(position)?.gaps.get(position) ?? [];
  }

  /** Whether a line is not there any more: retention, or damage, took it. */
  isGone(position: number): boolean {
    const block = this.#block(position);
    return block !== undefined && position < block.passed && !block.lines.has(position);
  }

  /** Has these lines fetched, if they are not there: what was wanted before and did not begin yet is forgotten. */
  want(from: number, to: number): void {
    this.#wanted = [];
    this.#wantedTo = to;
    for (let block = Math.floor(from / BLOCK); block <= Math.floor((to - 1) / BLOCK); block++) {
      if (!this.#isWhole(block, from, to) && !this.#asked.has(block) && !this.#resting.has(block)) this.#wanted.push(block);
    }
    this.#next();
  }

  close(): void {
    this.#isClosed = true;
  }

  #block(position: number): Found | undefined {
    const number = Math.floor(position / BLOCK);
    const block = this.#blocks.get(number);
    if (block) {
      this.#blocks.delete(number);
      this.#blocks.set(number, block);
    }
    return block;
  }

  /** A page may end early where lines are long, and a block at the end was fetched when it had fewer. */
  #isWhole(block: number, from: number, to: number): boolean {
    const found = this.#blocks.get(block);
    if (!found) return false;
    for (let position = Math.max(from, block * BLOCK); position < Math.min(to, (block + 1) * BLOCK); position++) {
      if (position >= found.passed) return false;
    }
    return true;
  }

  #next(): void {
    while (this.#asked.size < MOST_AT_A_TIME && this.#wanted.length > 0) void this.#fetch(this.#wanted.shift()!);
  }

  async #fetch(block: number): Promise<void> {
    this.#asked.add(block);
    try {
      const end = (block + 1) * BLOCK;
      const found: Found = { lines: new Map(), gaps: new Map(), passed: block * BLOCK };
      while (found.passed < end && !this.#isClosed) {
        const before = found.passed;
        this.#sort(await this.ask(before, end - before), found);
        if (found.passed === before) break;
      }
      this.#keep(block, found);
      if (found.passed < Math.min(end, this.#wantedTo)) this.#rest(block);
    } catch {
      this.#rest(block); // The connection broke, and says so itself.
    } finally {
      this.#asked.delete(block);
      if (!this.#isClosed) {
        this.arrived();
        this.#next();
      }
    }
  }

  /** What did not come is wanted again, but not at once. */
  #rest(block: number): void {
    this.#resting.add(block);
    setTimeout(() => {
      this.#resting.delete(block);
      if (!this.#isClosed) this.arrived();
    }, PAUSE);
  }

  #sort(page: LinePage, found: Found): void {
    const broken = new BrokenLines();
    let gaps: Gap[] = [];
    const place = (position: number) => {
      if (gaps.length > 0) found.gaps.set(position, gaps);
      gaps = [];
    };
    for (const entry of page.entries) {
      if (entry.kind === 'gap') {
        gaps.push({ ...entry, broken: broken.take(entry.output) });
      } else if (!entry.ends) {
        broken.keep(entry);
      } else {
        const position = this.positionOf(entry); // Not always the one that was asked for: retention takes lines.
        place(position);
        found.lines.set(position, entry);
        found.passed = position + 1;
      }
    }
    place(found.passed);
  }

  #keep(block: number, found: Found): void {
    this.#forget(block);
    this.#blocks.set(block, found);
    this.#cost += cost(found);
    for (const oldest of this.#blocks.keys()) {
      if (this.#cost <= MOST_COST || oldest === block) break;
      this.#forget(oldest);
    }
  }

  #forget(block: number): void {
    const found = this.#blocks.get(block);
    if (found) this.#cost -= cost(found);
    this.#blocks.delete(block);
  }
}

const cost = ({ lines }: Found): number => [...lines.values()].reduce((sum, line) => sum + costOf(line), 0);
