// The messages of docs/protocol.md, 6.1, as this page uses them. On the wire they are arrays; a field beyond the known ones is passed over.

export const STDOUT = 1;
export const STDERR = 2;
export type Output = typeof STDOUT | typeof STDERR;
export const OUTPUTS: readonly Output[] = [STDOUT, STDERR];
export const nameOf = (output: Output): 'stdout' | 'stderr' => (output === STDOUT ? 'stdout' : 'stderr');

export type GapReason = 'trimmed' | 'corrupt' | 'lost_by_writer';
export type EndReason = 'completed' | 'writer_closed' | 'writer_lost' | 'deleted' | 'expired' | 'tail';

export interface OutputTotal {
  output: Output;
  bytes: number;
  crc32C: number;
}

export type LogEntry =
  | { kind: 'data'; output: Output; offset: number; sequence: number; timeMicros: number; data: Uint8Array }
  | { kind: 'gap'; output: Output; offset: number; length: number; reason: GapReason }
  | { kind: 'diverged'; sequence: number; totals: OutputTotal[] }
  | { kind: 'end'; reason: EndReason; exitCode: number | null; totals: OutputTotal[] };

export interface LogBatch {
  cursor: string;
  entries: LogEntry[];
}

/** A line that stands in the log for good, or one that has begun and not ended (`ends` is false). */
export interface Line {
  kind: 'line';
  /** Its place among all lines of the session, from 0: the count of newlines before its own. */
  number: number;
  /** The same among the lines of its output. */
  index: number;
  output: Output;
  /** Of its first byte. */
  offset: number;
  /** In bytes, without the newline. */
  length: number;
  /** When its first byte was stored. */
  timeMicros: number;
  /** Its first bytes; all of them unless it is long. */
  head: Uint8Array;
  /** Its last bytes, if not all of them are in the head. */
  tail: Uint8Array;
  /** How many bytes between them are left out. */
  omitted: number;
  ends: boolean;
  /** How often a carriage return began it anew. */
  redraws: number;
}

export interface Gap {
  kind: 'gap';
  output: Output;
  offset: number;
  length: number;
  reason: GapReason;
  /** The line that it broke off. */
  broken: Line | null;
}

/** How one output stands. */
export interface OutputPlace {
  output: Output;
  /** Count of its newlines. */
  lines: number;
  /** Of the next byte. */
  offset: number;
  /** How many lines retention has taken from its begin. */
  firstLine: number;
  /** With a page at the tail: the line that has begun and not ended. */
  open: Line | null;
}

export interface LinePage {
  /** Resumes behind the page. Only of a page that was counted from the end; it has the whole tail then. */
  cursor: string | null;
  outputs: OutputPlace[];
  entries: (Line | Gap)[];
}

export interface OutputStatus {
  state: 'waiting' | 'open' | 'closed' | 'ended';
  bytes: number;
  /** Count of newlines. */
  lines: number;
  /** Offset of the oldest byte that is kept. */
  firstOffset: number;
  crc32C: number;
  /** Run id of the writer that is connected. */
  writer: string | null;
  /** The last writer vanished without a word, and none came since. */
  isWriterLost: boolean;
  verdict: 'verified' | 'incomplete' | 'mismatch' | 'unchecked' | null;
}

/** Times are milliseconds since 1970. */
export interface SessionStatus {
  id: string;
  state: 'live' | 'completed';
  createdAt: number;
  lastActivityAt: number;
  expiresAt: number | null;
  labels: Record<string, string>;
  stdout: OutputStatus;
  stderr: OutputStatus;
  readers: number;
  exitCode: number | null;
  completedAt: number | null;
}

/** One item of the stream that the hub method `Sessions` returns: what changed, and which are gone. */
export interface SessionsBatch {
  changed: SessionStatus[];
  gone: { id: string; reason: EndReason }[];
  /** Everything there is has been told now; false only in the first batches. */
  isComplete: boolean;
}

export const VERSION = 1;

export interface ReadRequest {
  session: string;
  cursor: string;
}

export const readRequest = ({ session, cursor }: ReadRequest): unknown[] => [VERSION, session, [], 1, cursor, 0, 0, true];

/** @param first Number of the first wanted line among those of the outputs; -N: the last N. */
export const linesRequest = (session: string, outputs: readonly Output[], first: number, count: number): unknown[] => [VERSION, session, outputs, first, count];

/** Just these lines, by their positions among those of the outputs. */
export const linesAtRequest = (session: string, outputs: readonly Output[], at: readonly number[]): unknown[] => [VERSION, session, outputs, 0, 0, at];

export interface SearchRequest {
  session: string;
  outputs: readonly Output[];
  pattern: string;
  isRegex: boolean;
  matchCase: boolean;
  /** 0 any, 1 trace … 6 fatal. */
  minLevel: number;
  from: number;
  backwards: boolean;
  limit: number;
}

export const searchRequest = (search: SearchRequest): unknown[] => [
  VERSION,
  search.session,
  search.outputs,
  search.pattern,
  search.isRegex,
  search.matchCase,
  search.minLevel,
  search.from,
  search.backwards,
  search.limit,
  false,
];

export type SearchEnd = 'complete' | 'limit' | 'time' | null;

export interface SearchBatch {
  positions: number[];
  /** Bytes. */
  searched: number;
  total: number;
  /** Where to go on. */
  next: number;
  /** Why it stopped; null while it goes on. */
  end: SearchEnd;
}

export const sessionsRequest = (): unknown[] => [VERSION];

const GAPS: Record<number, GapReason> = { 1: 'trimmed', 2: 'corrupt', 3: 'lost_by_writer' };
const ENDS: Record<number, EndReason> = { 1: 'completed', 2: 'writer_closed', 3: 'writer_lost', 4: 'deleted', 5: 'expired', 6: 'tail' };
const NOTHING = new Uint8Array(0);

/* eslint-disable @typescript-eslint/no-explicit-any -- the one place where the wire's arrays get their types */
type Wire = any;

export const toBatch = ([cursor, entries]: Wire): LogBatch => ({ cursor, entries: entries.map(toEntry).filter((entry: LogEntry | null) => entry !== null) });

function toEntry([kind, output, offset, sequence, timeMicros, data, length, gap, end, exitCode, totals]: Wire): LogEntry | null {
  switch (kind) {
    case 1:
      return { kind: 'data', output, offset, sequence, timeMicros, data };
    case 2:
      return { kind: 'gap', output, offset, length, reason: GAPS[gap] ?? 'corrupt' };
    case 3:
      return { kind: 'diverged', sequence, totals: toTotals(totals) };
    case 4:
      return { kind: 'end', reason: ENDS[end] ?? 'tail', exitCode: exitCode ?? null, totals: toTotals(totals) };
    default:
      return null;
  }
}

const toTotals = (totals: Wire): OutputTotal[] => (totals ?? []).map(([output, bytes, crc32C]: Wire) => ({ output, bytes, crc32C }));

export const toPage = ([cursor, outputs, entries]: Wire): LinePage => ({
  cursor: cursor ?? null,
  outputs: outputs.map(([output, lines, offset, firstLine, open]: Wire) => ({ output, lines, offset, firstLine, open: open ? toLine(open) : null })),
  entries: entries.map((entry: Wire) => (entry[0] === 2 ? toGap(entry) : toLine(entry))),
});

const toLine = ([, output, offset, length, number, index, timeMicros, head, tail, omitted, ends, redraws]: Wire): Line => ({
  kind: 'line',
  number,
  index,
  output,
  offset,
  length,
  timeMicros,
  head: head.slice(), // It is a view of the message, which would be held as long as any of its lines.
  tail: tail?.length ? tail.slice() : NOTHING,
  omitted: omitted ?? 0,
  ends: ends ?? false,
  redraws: redraws ?? 0,
});

const toGap = ([, output, offset, length, reason]: Wire): Gap => ({ kind: 'gap', output, offset, length, reason: GAPS[reason] ?? 'corrupt', broken: null });

const SEARCH_ENDS: readonly SearchEnd[] = [null, 'complete', 'limit', 'time'];

export const toSearchBatch = ([positions, , searched, total, next, end]: Wire): SearchBatch => ({
  positions: positions ?? [],
  searched,
  total,
  next,
  end: searchEndOf(end ?? 0),
});

/** Of an end that this page does not know yet there is nothing more to wait for; null is not one: the search goes on. */
const searchEndOf = (end: number): SearchEnd => {
  const known = SEARCH_ENDS[end];
  return known === undefined ? 'complete' : known;
};

export const toSessionsBatch = ([changed, gone, isComplete]: Wire): SessionsBatch => ({
  changed: (changed ?? []).map(toStatus),
  gone: (gone ?? []).map(([id, reason]: Wire) => ({ id, reason: ENDS[reason] ?? 'deleted' })),
  isComplete: isComplete ?? true,
});

const toStatus = ([id, state, createdMicros, lastActivityMicros, expiresMicros, labels, outputs, readers, exitCode, completedMicros]: Wire): SessionStatus => ({
  id,
  state,
  createdAt: createdMicros / 1000,
  lastActivityAt: lastActivityMicros / 1000,
  expiresAt: expiresMicros == null ? null : expiresMicros / 1000,
  labels: Object.fromEntries(labels ?? []),
  stdout: toOutput(outputs[0]),
  stderr: toOutput(outputs[1]),
  readers,
  exitCode: exitCode ?? null,
  completedAt: completedMicros == null ? null : completedMicros / 1000,
});

const toOutput = ([, state, bytes, lines, firstOffset, crc32C, writer, isWriterLost, verdict]: Wire): OutputStatus => ({
  state,
  bytes,
  lines,
  firstOffset,
  crc32C,
  writer: writer ?? null,
  isWriterLost,
  verdict: verdict ?? null,
});
