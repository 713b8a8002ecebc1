import { OUTPUTS, type Line, type Output } from '../api/contract';
import { findBlocks, isWithinTrace, type StackBlock } from '../text/stack';
import { plainText } from '../text/terminal';

/** A stack trace. Folded, only its first line and the one that says most are seen. */
export interface Fold {
  /** Position of its first line. */
  from: number;
  /** How many lines are hidden while it is folded. */
  hidden: number;
  isOpen: boolean;
}

/** Lines by position, where they are at hand. */
export interface FoldableLines {
  at(position: number): Line | undefined;
}

/** Traces are looked for in pieces of so many lines, with so many around them: a trace may have begun before, or have only begun. */
const PIECE = 200;
const AROUND = 60;

/** Of a longer trace this much is folded. */
const LONGEST = 2000;

/** Of a line so many bytes are looked at: what tells a trace stands at its beginning. */
const LOOKED_AT = 512;

const MOST_PIECES = 2000;

/** Lines that may stand between two parts of one trace: those of a message. */
const LONGEST_PAUSE = 10;

interface Found {
  fold: Fold;
  hidden: number[];
  /** Nothing that is known follows: it may go on. */
  isAtEnd: boolean;
}

/** Finds the stack traces of a log around what is looked at, and remembers which of them somebody opened. */
export class Folds {
  readonly #pieces = new Map<number, readonly Found[]>();
  /** Pieces whose lines were not all at hand. */
  readonly #provisional = new Set<number>();
  readonly #hidden = new Map<number, Fold>();
  readonly #heads = new Map<number, Fold>();
  readonly #opened = new Set<number>();
  readonly #revealed = new Set<number>();
  readonly #texts = new WeakMap<Line, string>();

  constructor(private readonly lines: FoldableLines) {}

  /** There may be more lines at hand than before. */
  refresh(): void {
    for (const number of this.#provisional) this.#drop(number);
    this.#provisional.clear();
    if (this.#pieces.size > MOST_PIECES) this.#forget();
  }

  hides(position: number): boolean {
    this.#ensure(position);
    return this.#hidden.get(position)?.isOpen === false;
  }

  /** The trace whose first line it is. */
  at(position: number): Fold | null {
    this.#ensure(position);
    return this.#heads.get(position) ?? null;
  }

  /** The first line of the trace that hides a line; null where it is not hidden. */
  headOf(position: number): number | null {
    return this.hides(position) ? this.#hidden.get(position)!.from : null;
  }

  toggle(from: number): void {
    const fold = this.#heads.get(from);
    for (const [position, other] of this.#hidden) if (other === fold) this.#revealed.delete(position);
    if (fold?.isOpen) this.#opened.delete(from);
    else this.#opened.add(from);
    this.#forget();
  }

  /** Opens the trace that hides a line, if one does, or will once its lines are at hand. */
  reveal(position: number): void {
    this.#revealed.add(position);
    this.#forget();
  }

  /** Looks for traces where a line is, and before, as far as its trace can have begun and lines are at hand. */
  #ensure(position: number): void {
    const last = Math.floor(position / PIECE);
    for (let number = last; number >= 0 && number > last - LONGEST / PIECE; number--) {
      if (!this.#pieces.has(number)) this.#scan(number);
      if (!this.#isAtHand(number * PIECE)) break;
    }
  }

  #scan(number: number): void {
    const [begin, end] = [number * PIECE, (number + 1) * PIECE];
    let first = begin;
    while (first < end && !this.#isAtHand(first)) first++; // What retention has taken, or what was not fetched yet.
    let from = first;
    while (from > begin - AROUND && this.#isAtHand(from - 1)) from--;
    let found: Found[] = [];
    let to = first;
    for (let reach = end + AROUND; first < end; reach += to - begin) {
      while (to < reach && this.#isAtHand(to)) to++;
      found = OUTPUTS.flatMap((output) => this.#tracesOf(output, from, to)).filter(({ fold }) => fold.from >= begin && fold.from < end);
      if (to < reach || to - begin >= LONGEST || !found.some((trace) => trace.isAtEnd)) break;
    }
    this.#pieces.set(number, found);
    if (from > begin - AROUND && from > 0) this.#provisional.add(number);
    if (to < end + AROUND || (to - begin < LONGEST && found.some((trace) => trace.isAtEnd))) this.#provisional.add(number);
    for (const { fold, hidden } of found) {
      this.#heads.set(fold.from, fold);
      for (const position of hidden) this.#hidden.set(position, fold);
    }
  }

  #tracesOf(output: Output, from: number, to: number): Found[] {
    const positions: number[] = [];
    const texts: string[] = [];
    for (let position = from; position < to; position++) {
      const line = this.lines.at(position)!;
      if (line.output !== output) continue;
      positions.push(position);
      texts.push(this.#textOf(line));
    }
    const blocks = findBlocks(texts).filter((block) => block.from > 0 || from === 0 || !isWithinTrace(texts[0]!)); // Else it began before what is at hand.
    return blocks.map((block) => this.#foundAs(block, positions));
  }

  #foundAs({ from, to, summaryFrom }: StackBlock, positions: readonly number[]): Found {
    const hidden = positions.slice(from, to + 1).filter((_, index) => index !== 0 && index !== summaryFrom - from);
    const first = positions[from]!;
    const isOpen = this.#opened.has(first) || hidden.some((position) => this.#revealed.has(position));
    return { fold: { from: first, hidden: hidden.length, isOpen }, hidden, isAtEnd: to >= positions.length - LONGEST_PAUSE };
  }

  #textOf(line: Line): string {
    let text = this.#texts.get(line);
    if (text === undefined) {
      text = plainText(line.head.subarray(0, LOOKED_AT));
      this.#texts.set(line, text);
    }
    return text;
  }

  #isAtHand(position: number): boolean {
    return this.lines.at(position)?.ends ?? false;
  }

  #drop(number: number): void {
    for (const { fold, hidden } of this.#pieces.get(number) ?? []) {
      this.#heads.delete(fold.from);
      for (const position of hidden) this.#hidden.delete(position);
    }
    this.#pieces.delete(number);
  }

  #forget(): void {
    this.#pieces.clear();
    this.#provisional.clear();
    this.#heads.clear();
    this.#hidden.clear();
  }
}
