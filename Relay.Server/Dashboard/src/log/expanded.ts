import type { Line, Output } from '../api/contract';
import { bytesOf } from '../api/download';

const WHOLE_BYTES = 1024 * 1024;
const MOST_WHOLE = 16;

const keyOf = ({ output, offset }: { output: Output; offset: number }): string => `${output}:${offset}`;

/** Lines of which somebody wants to see more: all of a long one, or JSON set out. */
export class ExpandedLines {
  readonly #wholes = new Map<string, Uint8Array>();
  readonly #setOut = new Set<string>();

  constructor(private readonly session: string) {}

  wholeOf = (line: Line): Uint8Array | undefined => this.#wholes.get(keyOf(line));

  isSetOut = (line: Line): boolean => this.#setOut.has(keyOf(line));

  /** Fetches up to 1 MiB of a line. @throws {RelayFailure} */
  async fetch(output: Output, offset: number, length: number): Promise<void> {
    const bytes = await bytesOf(this.session, output, offset, Math.min(length, WHOLE_BYTES));
    this.#wholes.set(keyOf({ output, offset }), bytes);
    if (this.#wholes.size > MOST_WHOLE) this.#wholes.delete(this.#wholes.keys().next().value!);
  }

  /** Sets JSON out, or puts it into its one line again. */
  toggleSetOut(output: Output, offset: number): void {
    const key = keyOf({ output, offset });
    if (!this.#setOut.delete(key)) this.#setOut.add(key);
  }
}
