import { HEAD_BYTES, KeptBytes } from './kept';
import { unfinishedAtEnd } from './utf8';

export { HEAD_BYTES, TAIL_BYTES } from './kept';

const NEWLINE = 10;
const RETURN = 13;
const NOTHING = new Uint8Array(0);

/** A line as the output has it. The bytes are copies. */
export interface RawLine {
  /** Newlines of this output before it. A line that a gap broke and the one behind the gap have the same. */
  index: number;
  /** Of its first byte in the output. */
  offset: number;
  /** Bytes of the whole line, without the newline. */
  length: number;
  /** When its first byte was stored: microseconds since 1970-01-01T00:00:00Z. */
  timeMicros: number;
  /** All of it, or the first HEAD_BYTES: of its last state, where carriage returns made text overwrite text; without those at its end. */
  head: Uint8Array;
  /** The last bytes behind the head, at most TAIL_BYTES. */
  tail: Uint8Array;
  /** Bytes left out between head and tail. */
  omitted: number;
  /** How many times text overwrote text. */
  redraws: number;
  /** Whether a newline ended it. */
  ends: boolean;
}

/** Where to begin in an output. */
export interface LineStart {
  /** Newlines before. */
  lines: number;
  /** Of the next byte. */
  offset: number;
  /** A line that has begun before and not ended. What of it is neither in head nor tail was left out between them, unless `omitted` says how much was. */
  open?: { offset: number; length: number; timeMicros: number; head: Uint8Array; tail: Uint8Array; omitted?: number; redraws?: number };
}

/** What is kept of a line, for rendering: one part, or the two around what is left out. */
export function partsOf({ head, tail, omitted }: RawLine): Uint8Array[] {
  if (omitted > 0) {
    return [head, tail];
  }
  if (tail.length === 0) {
    return [head];
  }
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return [whole];
}

/** Makes lines of the records of one output, in memory that neither a long line nor an endless progress bar makes grow. */
export class LineAssembler {
  readonly #kept = new KeptBytes();
  #lines: number;
  #next: number;
  #offset = 0;
  #timeMicros = 0;
  #length = 0;
  #redraws = 0;
  #returned = false; // A carriage return was the last byte: it overwrites once a text follows.

  constructor({ lines, offset, open }: LineStart = { lines: 0, offset: 0 }) {
    this.#lines = lines;
    this.#next = offset;
    if (open) {
      const { head, tail, omitted = open.length - head.length - tail.length, redraws = 0 } = open;
      this.#begin(open.offset, open.timeMicros);
      this.#keep(head);
      if (omitted > 0) {
        this.#overwrite();
        this.#kept.skip(omitted);
      }
      this.#keep(tail);
      this.#length = open.length;
      this.#redraws += redraws;
    }
  }

  /** The line that has not ended, for a look at it. A character that is not whole yet is left out. */
  get open(): RawLine | null {
    if (this.#length === 0) {
      return null;
    }
    const line = this.#line(false);
    const part = line.tail.length > 0 ? 'tail' : 'head';
    const unfinished = unfinishedAtEnd(line[part]);
    line[part] = line[part].subarray(0, line[part].length - unfinished);
    line.length -= unfinished;
    return line;
  }

  /**
   * Adds a record. One that does not begin where the last one ended breaks the open line, as {@link break} does.
   * @param data Copied; the caller may use it again.
   * @param offset Of its first byte in the output.
   */
  add(data: Uint8Array, offset: number, timeMicros: number, onLine: (line: RawLine) => void): void {
    const broken = offset === this.#next ? null : this.break();
    if (broken) {
      onLine(broken);
    }
    this.#next = offset + data.length;
    let carriage = -1;
    for (let from = 0; from < data.length; ) {
      const newline = data.indexOf(NEWLINE, from);
      const to = newline < 0 ? data.length : newline;
      if (carriage < from) {
        carriage = data.indexOf(RETURN, from);
        carriage = carriage < 0 ? data.length : carriage;
      }
      if (this.#length === 0) {
        this.#begin(offset + from, timeMicros);
      }
      if (newline >= 0 && this.#length === 0 && to - from <= HEAD_BYTES && carriage >= to - 1) {
        const head = data.slice(from, Math.min(carriage, to));
        onLine({ index: this.#lines++, offset: offset + from, length: to - from, timeMicros, head, tail: NOTHING, omitted: 0, redraws: 0, ends: true });
      } else {
        this.#keep(data.subarray(from, to));
        if (newline >= 0) {
          onLine(this.#end(true));
        }
      }
      from = to + 1;
    }
  }

  /** Hands over the line that has not ended, if any: bytes are missing behind it, or none follow, and what comes is another line. */
  break(): RawLine | null {
    return this.#length > 0 ? this.#end(false) : null;
  }

  #begin(offset: number, timeMicros: number): void {
    this.#offset = offset;
    this.#timeMicros = timeMicros;
  }

  #keep(part: Uint8Array): void {
    this.#length += part.length;
    for (let from = 0; from < part.length; ) {
      const carriage = part.indexOf(RETURN, from);
      const to = carriage < 0 ? part.length : carriage;
      if (to > from) {
        this.#overwrite();
        this.#kept.push(part.subarray(from, to));
      }
      this.#returned = carriage >= 0;
      from = to + 1;
    }
  }

  /** Text follows: what stands before a carriage return is gone. */
  #overwrite(): void {
    if (this.#returned && this.#kept.count > 0) {
      this.#redraws++;
      this.#kept.clear();
    }
    this.#returned = false;
  }

  #end(ends: boolean): RawLine {
    const line = this.#line(ends);
    this.#kept.clear();
    this.#lines += ends ? 1 : 0;
    this.#length = this.#redraws = 0;
    this.#returned = false;
    return line;
  }

  #line(ends: boolean): RawLine {
    return {
      index: this.#lines,
      offset: this.#offset,
      length: this.#length,
      timeMicros: this.#timeMicros,
      ...this.#kept.copy(),
      redraws: this.#redraws,
      ends,
    };
  }
}
