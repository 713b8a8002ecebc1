import { Subject, type HubConnection } from '@microsoft/signalr';
import { linesRequest, readRequest, toBatch, toPage, type EndReason, type LogEntry, type OutputTotal } from '../api/contract';
import { ofHub } from '../api/failure';
import { itemsOf } from '../api/stream';
import type { LiveLog } from './live';

/** How many lines of the end a page begins with. */
const FIRST_LINES = 500;

/** Batches that may be on their way: a page that cannot keep up holds back the relay and not its own memory. */
const WINDOW = 8;

const SESSION_CREATED = 1;
const WRITER_CONNECTED = 2;
const GONE: Readonly<Record<number, EndReason>> = { 7: 'deleted', 8: 'expired' };

export interface LogEnd {
  reason: EndReason;
  exitCode: number | null;
  totals: OutputTotal[];
}

export interface FeedListener {
  /** There is more to see. */
  grown(): void;
  /** Another beginning: what was counted before does not hold any more. */
  begun(): void;
  /** What the page showed behind these bytes did not survive a crash of the relay. */
  diverged(totals: OutputTotal[]): void;
  ended(end: LogEnd): void;
  /** A writer is there again, after an end. */
  resumed(): void;
  /** After the session was gone there is another one of the same id. */
  replaced(): void;
  /** Something happened to the session that its status tells. */
  happened(): void;
}

/** Reads a log to its end over one connection, from where the last one broke. */
export async function follow(hub: HubConnection, session: string, log: LiveLog, listener: FeedListener, signal: AbortSignal, accepted: () => void): Promise<void> {
  const presence = new Presence(hub, listener);
  await hub.invoke('Watch', [1, session, []]);
  while (true) {
    if (log.cursor === null) {
      log.begin(toPage(await hub.invoke('ReadLines', linesRequest(session, [], -FIRST_LINES, FIRST_LINES))));
      listener.begun();
    }
    accepted();
    listener.happened();
    const seen = presence.writers;
    const end = await read(hub, session, log, listener, signal);
    if (end === null) continue; // Begin anew.
    listener.ended(end);
    listener.happened();
    if (end.reason !== 'writer_closed') return;
    const gone = await presence.after(seen, signal); // It left without completing. Another may come, or the session may go.
    if (gone) {
      listener.ended({ reason: gone, exitCode: null, totals: [] });
      return;
    }
    listener.resumed();
  }
}

/** @returns Why the read ended; null where the count of lines is not known any more. */
async function read(hub: HubConnection, session: string, log: LiveLog, listener: FeedListener, signal: AbortSignal): Promise<LogEnd | null> {
  const credits = new Subject<number>();
  const stream = itemsOf(hub.stream('ReadPaced', readRequest({ session, cursor: log.cursor! }), credits), toBatch, signal);
  credits.next(WINDOW);
  for await (const { cursor, entries } of stream) {
    signal.throwIfAborted();
    for (const entry of entries) {
      if (entry.kind === 'end') return entry;
      if (!take(entry, log, listener)) {
        log.cursor = null;
        return null;
      }
    }
    log.cursor = cursor || log.cursor;
    listener.grown();
    credits.next(1);
  }
  throw ofHub(new Error('The relay ended the read without saying why.'));
}

/** @returns Whether the lines can still be counted. */
function take(entry: LogEntry, log: LiveLog, listener: FeedListener): boolean {
  switch (entry.kind) {
    case 'data':
      log.add(entry.output, entry.data, entry.offset, entry.timeMicros);
      return true;
    case 'gap':
      log.gap({ ...entry, broken: null });
      return entry.reason === 'lost_by_writer';
    case 'diverged':
      listener.diverged(entry.totals);
      return false;
    default:
      return true;
  }
}

/** What the relay says of a session beside its log. */
class Presence {
  /** Counts the writers that came. */
  writers = 0;
  #gone: EndReason | null = null;
  #wake = () => {};

  constructor(hub: HubConnection, listener: FeedListener) {
    hub.on('Presence', ([kind]: [number]) => {
      if (kind === WRITER_CONNECTED) {
        this.writers++;
        this.#wake();
      }
      if (kind === SESSION_CREATED) listener.replaced();
      this.#gone ??= GONE[kind] ?? null;
      if (this.#gone) this.#wake();
      listener.happened();
    });
    hub.onclose(() => this.#wake());
  }

  /** Resolves when a writer came since, or with why the session went; and fails when the connection breaks first. */
  async after(seen: number, signal: AbortSignal): Promise<EndReason | null> {
    if (this.writers === seen && !this.#gone) await new Promise<void>((resolve) => (this.#wake = resolve));
    signal.throwIfAborted();
    if (this.writers === seen && !this.#gone) throw new Error('The connection was closed.');
    return this.#gone;
  }
}
