import type { Line, Output } from '../api/contract';
import { bytesOf } from '../api/download';

/** A page shows no more of a line. */
export const WHOLE_BYTES = 1024 * 1024;
const MOST_WHOLE = 16;

interface Whole {
  /** Of the line when it was fetched: one that has not ended may have grown. */
  length: number;
  bytes: Uint8Array;
}

const keyOf = ({ output, offset }: Pick<Line, 'output' | 'offset'>): string => `${output}:${offset}`;

/** Lines of which somebody wants to see more: a long one, or JSON set out. */
export class ExpandedLines {
  readonly #wholes = new Map<string, Whole>();
  readonly #setOut = new Set<string>();

  constructor(private readonly session: string) {}

  /** What was fetched of a line. */
  wholeOf(line: Line): Uint8Array | undefined {
    const whole = this.#wholes.get(keyOf(line));
    return whole?.length === line.length ? whole.bytes : undefined;
  }

  isSetOut(line: Line): boolean {
    return this.#setOut.has(keyOf(line));
  }

  /** Fetches a long line: of its last state, where carriage returns began it anew, the first MiB. @throws {RelayFailure} */
  async fetch(output: Output, offset: number, length: number, shown: number): Promise<void> {
    const skipped = Math.max(0, length - shown - SLACK);
    const bytes = await bytesOf(this.session, output, offset + skipped, Math.min(length - skipped, WHOLE_BYTES));
    this.#wholes.set(keyOf({ output, offset }), { length, bytes });
    if (this.#wholes.size > MOST_WHOLE) this.#wholes.delete(this.#wholes.keys().next().value!);
  }

  /** Sets JSON out, or puts it into its one line again. */
  toggleSetOut(output: Output, offset: number): void {
    const key = keyOf({ output, offset });
    if (!this.#setOut.delete(key)) this.#setOut.add(key);
  }

  clear(): void {
    this.#wholes.clear();
    this.#setOut.clear();
  }
}

/** Carriage returns that a line may end in. What of the state before comes with the last one is overwritten by it. */
const SLACK = 16;
