import { linesRequest, toPage, type Line, type LinePage, type Output, type OutputTotal, type SessionStatus } from '../api/contract';
import { bytesOf } from '../api/download';
import { Link, type LinkState } from '../api/link';
import { statusOf } from '../api/status';
import { plainText } from '../text/terminal';
import { follow, type FeedListener, type LogEnd } from './feed';
import { Finder, isSame, markOf, type FindState, type Query } from './finder';
import { LiveLog, outputsOf, type View } from './live';
import { hashOf, rangeOf, type Range } from './permalink';
import { rowOf } from './row';
import type { Settings } from './settings';
import { LogView } from './view';
import { Viewport } from './viewport';

/** What the page shows around the log. */
export interface LogState {
  link: LinkState;
  status: SessionStatus | null;
  end: LogEnd | null;
  /** Bytes that did not survive a crash of the relay, since the page was opened. */
  diverged: OutputTotal[] | null;
  view: View;
  hasBegun: boolean;
  isFollowing: boolean;
  /** Lines that came since it does not follow any more. */
  fresh: number;
  lines: number;
  first: number;
  bytes: number;
  seen: { from: number; to: number };
  /** Milliseconds by which what is shown lags behind what the relay stores. */
  behind: number;
  selection: Range | null;
  /** What is looked for; null for nothing. */
  find: FindState | null;
  /** Which of the matches the page went to, from 0. */
  match: number | null;
}

const WHOLE_BYTES = 1024 * 1024;
const MOST_WHOLE = 16;
const MOST_COPIED = 20_000;
const TELL_MS = 100;

/** One log on one page: reads it, shows it, and tells what the page around it should say. */
export class LogController implements FeedListener {
  state: LogState;
  readonly #live = new LiveLog();
  readonly #link: Link;
  readonly #wholes = new Map<string, Uint8Array>();
  #view: LogView;
  #viewport: Viewport | null = null;
  #settings: Settings;
  #telling = 0;
  #leftAt = 0; // Lines there were when it ceased to follow.
  #finder: Finder | null = null;
  #found: number | null = null; // Position of the match that the page went to.
  #clockAhead = -Infinity; // How far the relay's clock seems to be ahead of the page's, in milliseconds.
  #behind = 0;
  #mark: RegExp | null = null;
  #pending: 1 | -1 | null = null; // Asked for before anything was found.

  constructor(
    private readonly session: string,
    settings: Settings,
    private readonly tell: (state: LogState) => void,
  ) {
    this.#settings = settings;
    this.#view = this.#seenBy('both');
    this.state = {
      link: { kind: 'connecting' },
      status: null,
      end: null,
      diverged: null,
      view: 'both',
      hasBegun: false,
      isFollowing: true,
      fresh: 0,
      lines: 0,
      first: 0,
      bytes: 0,
      seen: { from: 0, to: 0 },
      behind: 0,
      selection: rangeOf(location.hash),
      find: null,
      match: null,
    };
    this.#link = new Link(session, (hub, signal, accepted) => follow(hub, session, this.#live, this, signal, accepted), (link) => this.#say({ link }));
  }

  attach(scroller: HTMLElement, rowHeight: number): void {
    this.#viewport = new Viewport(
      scroller,
      this.#view,
      (_, line, gaps) => rowOf(line, gaps, this.#look()),
      rowHeight,
      { moved: (isFollowing, from, to) => this.#moved(isFollowing, from, to) },
    );
    this.#viewport.update();
  }

  close(): void {
    this.#link.stop();
    this.#finder?.stop();
    this.#view.close();
    this.#viewport?.close();
    clearTimeout(this.#telling);
  }

  again = (): void => this.#link.again();

  restyle(settings: Settings): void {
    this.#settings = settings;
    this.#viewport?.redraw();
  }

  look(view: View): void {
    if (view === this.state.view) return;
    this.#view.close();
    this.#view = this.#seenBy(view);
    this.state = { ...this.state, view };
    this.#viewport?.show(this.#view);
    this.#viewport?.follow();
    this.#seek(this.state.find?.query ?? null);
    this.#tellSoon();
  }

  /** Looks for something in all of the log; null ends it. */
  find(query: Query | null): void {
    const now = this.#finder?.state.query ?? null;
    if (query === null ? now !== null : now === null || !isSame(query, now)) this.#seek(query);
  }

  #seek(query: Query | null): void {
    this.#finder?.stop();
    this.#pending = null;
    this.#found = null;
    this.#finder = query && new Finder(this.session, outputsOf(this.state.view), query, () => this.#link.hub(), (find) => this.#sought(find));
    this.#mark = query && markOf(query);
    this.state = { ...this.state, find: this.#finder?.state ?? null, match: null };
    this.#viewport?.redraw();
    this.#tellSoon();
  }

  /** Goes to the match behind the one it is at, or behind what is seen; or before it. Around the ends. */
  goToMatch(direction: 1 | -1): void {
    const from = this.#found ?? this.state.seen.from - (direction === 1 ? 1 : 0);
    const found = this.#finder?.near(from, direction) ?? null;
    if (found === null) {
      this.#pending = this.state.find?.isSearching ? direction : null;
      return;
    }
    this.#found = found;
    this.state = { ...this.state, match: this.#finder!.indexOf(found) };
    this.#viewport?.redraw();
    this.#viewport?.goTo(found);
    this.#tellSoon();
  }

  follow = (): void => this.#viewport?.follow();

  toStart = (): void => this.#viewport?.goTo(this.#view.first, 0);

  /** Points at lines, as a permalink does; null at none. */
  select(range: Range | null): void {
    this.state = { ...this.state, selection: range };
    history.replaceState(history.state, '', location.pathname + location.search + (range ? hashOf(range) : ''));
    this.#viewport?.redraw();
    this.#tellSoon();
  }

  /** Goes to the lines that the address names, if it names any. */
  goToHash = (): void => {
    const selection = rangeOf(location.hash);
    this.state = { ...this.state, selection };
    if (selection) {
      if (this.state.view !== 'both') this.look('both'); // Their numbers are those of the whole log.
      this.#viewport?.redraw();
      if (this.#live.cursor !== null) this.#viewport?.goTo(Math.min(selection.from, this.#view.end - 1));
    }
    this.#tellSoon();
  };

  /** The text of some lines, as it is shown. Long lines are cut as on the page. */
  async textOf({ from, to }: Range): Promise<string> {
    const lines: string[] = [];
    const end = Math.min(to + 1, from + MOST_COPIED);
    for (let first = from; first < end; ) {
      const page = await this.#ask(outputsOf('both'), first, Math.min(1000, end - first));
      const whole = page.entries.filter((entry): entry is Line => entry.kind === 'line' && entry.ends);
      if (whole.length === 0) break;
      lines.push(...whole.map((line) => plainText(line.head)));
      first = whole.at(-1)!.number + 1;
    }
    return lines.join('\n') + '\n';
  }

  /** Shows a long line in whole, up to 1 MiB of it. */
  async showWhole(output: Output, offset: number, length: number): Promise<void> {
    const bytes = await bytesOf(this.session, output, offset, Math.min(length, WHOLE_BYTES));
    this.#wholes.set(`${output}:${offset}`, bytes);
    if (this.#wholes.size > MOST_WHOLE) this.#wholes.delete(this.#wholes.keys().next().value!);
    this.#viewport?.redraw();
  }

  grown(): void {
    const ahead = this.#live.newestMicros / 1000 - Date.now();
    this.#clockAhead = Math.max(this.#clockAhead, ahead);
    this.#behind = Math.max(0, this.#clockAhead - ahead);
    this.#viewport?.update();
    this.#finder?.grown();
    this.#tellSoon();
  }

  begun(): void {
    this.#view.close();
    this.#view = this.#seenBy(this.state.view);
    this.#viewport?.show(this.#view);
    if (!this.state.hasBegun && this.state.selection) this.goToHash();
    this.#leftAt = Math.min(this.#leftAt, this.#view.end);
    this.state = { ...this.state, hasBegun: true };
    this.#tellSoon();
  }

  diverged(totals: OutputTotal[]): void {
    this.#say({ diverged: totals });
  }

  ended(end: LogEnd): void {
    this.#behind = 0;
    this.#say({ end });
  }

  resumed(): void {
    this.#say({ end: null });
  }

  happened(): void {
    statusOf(this.session).then(
      (status) => this.#say({ status }),
      () => {}, // A session that is gone tells so by the end of its log; a refusal comes by the connection.
    );
  }

  #ask = async (outputs: readonly Output[], first: number, count: number): Promise<LinePage> =>
    toPage(await this.#link.call('ReadLines', linesRequest(this.session, outputs, first, count)));

  #sought(find: FindState): void {
    this.state = { ...this.state, find };
    const pending = this.#pending;
    this.#pending = null;
    if (pending) this.goToMatch(pending);
    this.#viewport?.redraw();
    this.#tellSoon();
  }

  #seenBy(view: View): LogView {
    return new LogView(this.#live, view, (...page) => this.#ask(...page), () => this.#viewport?.update());
  }

  #look() {
    const { selection, status } = this.state;
    return {
      ...this.#settings,
      beganMicros: (status?.createdAt ?? 0) * 1000,
      isSelected: (number: number) => selection !== null && number >= selection.from && number <= selection.to,
      mark: this.#mark,
      isMatch: (line: Line) => this.#finder?.has(this.#positionOf(line)) ?? false,
      isFound: (line: Line) => this.#found === this.#positionOf(line),
      wholeOf: (line: Line) => this.#wholes.get(`${line.output}:${line.offset}`),
    };
  }

  #positionOf(line: Line): number {
    return this.state.view === 'both' ? line.number : line.index;
  }

  #moved(isFollowing: boolean, from: number, to: number): void {
    if (this.state.isFollowing && !isFollowing) this.#leftAt = this.#view.complete;
    this.state = { ...this.state, isFollowing, seen: { from, to } };
    this.#tellSoon();
  }

  #say(part: Partial<LogState>): void {
    this.state = { ...this.state, ...part };
    this.#tellSoon();
  }

  /** What is around the log need not be drawn for each line. */
  #tellSoon(): void {
    this.#telling ||= window.setTimeout(() => {
      this.#telling = 0;
      const { complete, first } = this.#view;
      const fresh = this.state.isFollowing ? 0 : Math.max(0, complete - this.#leftAt);
      this.state = { ...this.state, lines: complete, first, fresh, bytes: this.#live.bytes, behind: this.#behind };
      this.tell(this.state);
    }, TELL_MS);
  }
}
