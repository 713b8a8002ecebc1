import { OUTPUTS, STDERR, STDOUT, type Gap, type Line, type LinePage, type Output } from '../api/contract';
import { LineAssembler, type RawLine } from '../text/assembler';
import { BrokenLines } from './broken';
import { Ring } from './ring';

const TAIL_LINES = 5000;
const TAIL_COST = 12 * 1024 * 1024;
const MOST_GAPS = 500;

/** Which outputs are looked at: both, or one of them. Each has positions of its own, 0, 1, 2…, so that any of them can be reached at once. */
export type View = 'both' | Output;

export const outputsOf = (view: View): readonly Output[] => (view === 'both' ? OUTPUTS : [view]);

interface PlacedGap {
  gap: Gap;
  /** Position of the next line, by view. */
  before: Record<View, number>;
}

/**
 * The end of a log, as it grows: its last lines, and what has begun and not ended. Lines are counted as the relay does: by the newlines of both outputs, in
 * the order of the log.
 */
export class LiveLog {
  /** Resumes behind what was taken in; null before the first page. */
  cursor: string | null = null;
  /** When the newest byte was stored, in microseconds since 1970. */
  newestMicros = 0;
  readonly #next: Record<Output, number> = { [STDOUT]: 0, [STDERR]: 0 };
  readonly #firstLine: Record<Output, number> = { [STDOUT]: 0, [STDERR]: 0 };
  #assemblers = { [STDOUT]: new LineAssembler(), [STDERR]: new LineAssembler() };
  #rings = ringsFrom(0, 0);
  #gaps: PlacedGap[] = [];
  readonly #open = new Map<View, Line[]>();

  /** Bytes of both outputs up to here. */
  get bytes(): number {
    return this.#next[STDOUT] + this.#next[STDERR];
  }

  /** Position of the first line that retention has left. */
  first(view: View): number {
    return outputsOf(view).reduce((sum, output) => sum + this.#firstLine[output], 0);
  }

  /** The last lines that have ended. */
  lines(view: View): Ring {
    return this.#rings[view];
  }

  /** The lines that have begun and not ended. */
  open(view: View): Line[] {
    let open = this.#open.get(view);
    if (!open) {
      open = [];
      for (const output of outputsOf(view)) {
        const raw = this.#assemblers[output].open;
        if (raw) open.push(this.#numbered(output, raw, open.length));
      }
      this.#open.set(view, open);
    }
    return open;
  }

  gapsBefore(view: View, position: number): Gap[] {
    return this.#gaps.filter(({ gap, before }) => before[view] === position && outputsOf(view).includes(gap.output)).map(({ gap }) => gap);
  }

  /** Begins anew, at a page that reaches to the tail. */
  begin(page: LinePage): void {
    this.cursor = page.cursor;
    this.#gaps = [];
    this.#open.clear();
    const before: Record<Output, number> = { [STDOUT]: 0, [STDERR]: 0 };
    for (const { output, lines, offset, firstLine, open } of page.outputs) {
      this.#firstLine[output] = firstLine;
      this.#next[output] = offset;
      this.#assemblers[output] = new LineAssembler({ lines, offset, ...(open ? { open } : {}) });
      before[output] = lines - page.entries.filter((entry) => entry.kind === 'line' && entry.ends && entry.output === output).length;
    }
    this.#rings = ringsFrom(before[STDOUT], before[STDERR]);
    const broken = new BrokenLines();
    for (const entry of page.entries) {
      if (entry.kind === 'gap') this.#place({ ...entry, broken: broken.take(entry.output) });
      else if (entry.ends) this.#push(entry);
      else broken.keep(entry);
    }
  }

  /** Retention takes lines from the begin, as any page tells that comes by. */
  trim({ outputs, entries }: LinePage): void {
    if (!outputs.some(({ output, firstLine }) => firstLine > this.#firstLine[output])) return;
    for (const { output, firstLine } of outputs) this.#firstLine[output] = Math.max(this.#firstLine[output], firstLine);
    const before = { both: this.first('both'), [STDOUT]: this.first(STDOUT), [STDERR]: this.first(STDERR) };
    this.#gaps = this.#gaps.filter(({ gap }) => gap.reason !== 'trimmed');
    for (const entry of entries) if (entry.kind === 'gap' && entry.reason === 'trimmed') this.#gaps.unshift({ gap: entry, before });
  }

  /** Takes in bytes of one output. */
  add(output: Output, data: Uint8Array, offset: number, timeMicros: number): void {
    this.#open.clear();
    this.newestMicros = timeMicros;
    this.#next[output] = offset + data.length;
    this.#assemblers[output].add(data, offset, timeMicros, (raw) => this.#push(this.#numbered(output, raw)));
  }

  /** Bytes are missing here. */
  gap(gap: Gap): void {
    this.#open.clear();
    const raw = this.#assemblers[gap.output].break();
    this.#place({ ...gap, broken: raw && this.#numbered(gap.output, raw) });
    this.#next[gap.output] = gap.offset + gap.length;
  }

  #place(gap: Gap): void {
    const before = { both: this.#rings.both.end, [STDOUT]: this.#rings[STDOUT].end, [STDERR]: this.#rings[STDERR].end };
    this.#gaps.push({ gap, before });
    this.#gaps.splice(0, this.#gaps.length - MOST_GAPS);
  }

  #push(line: Line): void {
    this.#rings.both.push(line);
    this.#rings[line.output].push(line);
  }

  #numbered(output: Output, raw: RawLine, ahead = 0): Line {
    return { kind: 'line', number: this.#rings.both.end + ahead, output, ...raw };
  }
}

const ringsFrom = (stdout: number, stderr: number): Record<View, Ring> => ({
  both: new Ring(stdout + stderr, TAIL_LINES, TAIL_COST),
  [STDOUT]: new Ring(stdout, TAIL_LINES, TAIL_COST),
  [STDERR]: new Ring(stderr, TAIL_LINES, TAIL_COST),
});
