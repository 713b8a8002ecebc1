import { STDERR, STDOUT, type Line, type Output } from '../api/contract';

/** Lines that gaps broke off. A page tells such a line before the gap of its output, and perhaps that of the other output in between. */
export class BrokenLines {
  readonly #lines: Record<Output, Line | null> = { [STDOUT]: null, [STDERR]: null };

  keep(line: Line): void {
    this.#lines[line.output] = line;
  }

  /** The one that belongs to a gap of the output. */
  take(output: Output): Line | null {
    const line = this.#lines[output];
    this.#lines[output] = null;
    return line;
  }
}
