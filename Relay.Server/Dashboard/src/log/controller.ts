import { linesAtRequest, linesRequest, toPage, type Line, type LinePage, type Output, type OutputTotal, type SessionStatus } from '../api/contract';
import { ofHub } from '../api/failure';
import { Link, type LinkState } from '../api/link';
import { statusOf } from '../api/status';
import type { SparkState } from '../text/spark';
import { plainText } from '../text/terminal';
import { bytes, count } from '../ui/format';
import { ExpandedLines } from './expanded';
import { follow, type FeedListener, type LogEnd } from './feed';
import { FilteredLines } from './filtered';
import { Finder, isSame, type FindState, type Query } from './finder';
import { LiveLog, outputsOf, type View } from './live';
import { hashOf, rangeOf, type Range } from './permalink';
import { rowOf, type RowLook } from './row';
import { Search } from './search';
import { SparkWatch } from './sparkWatch';
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
  /** Only matches are shown, each with so many lines around it; null: all of the log. */
  filter: number | null;
  /** Why what was asked for last did not come. */
  problem: string | null;
  /** If the log is a Spark driver's. */
  spark: SparkState | null;
}

const MOST_COPIED = 20_000;
const TELL_MS = 100;

const copyOf = ({ head, tail, omitted }: Line): string => plainText(head) + (omitted + tail.length > 0 ? ` … ${bytes(omitted + tail.length)} more` : '');

/** One log on one page: reads it, shows it, and tells what the page around it should say. */
export class LogController implements FeedListener {
  state: LogState;
  readonly #live = new LiveLog();
  readonly #link: Link;
  readonly #expanded: ExpandedLines;
  readonly #spark = new SparkWatch(this.#live);
  #view: LogView;
  #viewport: Viewport | null = null;
  #settings: Settings;
  #telling = 0;
  #leftAt = 0; // Lines there were when it ceased to follow.
  #search: Search | null = null;
  #filtered: FilteredLines | null = null;
  #isSearchWrong = false;
  #clockAhead = -Infinity; // How far the relay's clock seems to be ahead of the page's, in milliseconds.
  #behind = 0;

  constructor(
    private readonly session: string,
    settings: Settings,
    private readonly tell: (state: LogState) => void,
  ) {
    this.#settings = settings;
    this.#expanded = new ExpandedLines(session);
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
      filter: null,
      problem: null,
      spark: null,
    };
    this.#link = new Link(session, (hub, signal, accepted) => follow(hub, session, this.#live, this, signal, accepted), (link) => this.#say({ link }));
  }

  attach(scroller: HTMLElement, rowHeight: number): void {
    this.#viewport = new Viewport(
      scroller,
      this.#view,
      (_, content) => rowOf(content, this.#look()),
      rowHeight,
      { moved: (isFollowing, from, to) => this.#moved(isFollowing, from, to) },
    );
    this.#viewport.update();
  }

  close(): void {
    this.#link.stop();
    this.#search?.stop();
    this.#filtered?.close();
    this.#view.close();
    this.#viewport?.close();
    clearTimeout(this.#telling);
  }

  again = (): void => this.#link.again();

  restyle(settings: Settings): void {
    this.#settings = settings;
    this.#view.isFolding = settings.folds;
    this.#viewport?.redraw();
  }

  look(view: View): void {
    if (view === this.state.view) return;
    this.state = { ...this.state, view };
    this.#seeAnew();
    this.#viewport?.follow();
    this.#seek(this.state.find?.query ?? null);
  }

  /** Looks for something in all of the log; null ends it. */
  find(query: Query | null): void {
    const now = this.state.find?.query ?? null;
    if (query === null ? now !== null : now === null || !isSame(query, now)) this.#seek(query);
  }

  /** Shows only what is found, with so many lines around each match; null: all of the log. */
  filter(around: number | null): void {
    if (around === this.state.filter) return;
    const place = this.#search?.found ?? this.state.seen.from;
    const wasFollowing = this.state.isFollowing;
    this.state = { ...this.state, filter: around };
    this.#show();
    if (!wasFollowing) this.#goTo(place);
    this.#tellSoon();
  }

  /** Goes to the match behind the one it is at, or behind what is seen; or before it. Around the ends. */
  goToMatch(direction: 1 | -1): void {
    this.#search?.goOn(direction, this.state.seen.from);
  }

  follow = (): void => this.#viewport?.follow();

  toStart = (): void => this.#viewport?.goTo(this.#filtered?.first ?? this.#view.first, 0);

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
      this.filter(null);
      this.#viewport?.redraw();
      if (this.#live.cursor !== null) this.#goTo(Math.min(selection.from, this.#view.end - 1));
    }
    this.#tellSoon();
  };

  /** The text of some lines, as it is shown. What is left out is said there. @throws {RelayFailure} */
  async textOf({ from, to }: Range): Promise<string> {
    const lines: string[] = [];
    const end = Math.min(to + 1, from + MOST_COPIED);
    for (let first = from; first < end; ) {
      const page = await this.#ask(outputsOf('both'), first, Math.min(1000, end - first));
      const whole = page.entries.filter((entry): entry is Line => entry.kind === 'line' && entry.ends);
      if (whole.length === 0) break;
      lines.push(...whole.map(copyOf));
      first = whole.at(-1)!.number + 1;
    }
    if (to >= end) lines.push(`… ${count(to + 1 - end)} more lines are not copied: no more than ${count(MOST_COPIED)} are. Save has them all.`);
    return lines.join('\n') + '\n';
  }

  /** Shows a long line in whole, up to 1 MiB of it. */
  async showWhole(output: Output, offset: number, length: number): Promise<void> {
    try {
      await this.#expanded.fetch(output, offset, length);
      this.#say({ problem: null });
      this.#viewport?.redraw();
    } catch (failure) {
      this.#say({ problem: ofHub(failure).message });
    }
  }

  /** Sets a line of JSON out, or puts it into its one line again. */
  setOut(output: Output, offset: number): void {
    this.#expanded.toggleSetOut(output, offset);
    this.#viewport?.redraw();
  }

  /** Opens the stack trace that begins with a line, or folds it. */
  fold(position: number): void {
    this.#view.folds.toggle(position);
    this.#viewport?.redraw();
  }

  grown(): void {
    const ahead = this.#live.newestMicros / 1000 - Date.now();
    this.#clockAhead = Math.max(this.#clockAhead, ahead);
    this.#behind = Math.max(0, this.#clockAhead - ahead);
    this.#viewport?.update();
    this.#spark.grown();
    this.#search?.finder.grown();
    this.#tellSoon();
  }

  begun(): void {
    this.#seeAnew();
    if (this.#isSearchWrong) this.#seek(this.state.find?.query ?? null);
    this.#isSearchWrong = false;
    this.#show();
    if (!this.state.hasBegun && this.state.selection) this.goToHash();
    if (!this.state.hasBegun) void this.#spark.begin((...window) => this.#ask(outputsOf('both'), ...window)).then(() => this.#tellSoon(), () => {}); // Without it the log reads as well.
    this.#spark.grown();
    this.#leftAt = Math.min(this.#leftAt, this.#view.end);
    this.state = { ...this.state, hasBegun: true };
    this.#tellSoon();
  }

  diverged(totals: OutputTotal[]): void {
    this.#isSearchWrong = true; // It may have found what is not there any more.
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

  #askAt = async (outputs: readonly Output[], at: readonly number[]): Promise<LinePage> =>
    toPage(await this.#link.call('ReadLines', linesAtRequest(this.session, outputs, at)));

  #ask = async (outputs: readonly Output[], first: number, count: number): Promise<LinePage> =>
    toPage(await this.#link.call('ReadLines', linesRequest(this.session, outputs, first, count)));

  #seek(query: Query | null): void {
    this.#search?.stop();
    this.#search = null;
    this.#search = query && new Search(query, (changed) => this.#finderOf(query, changed), () => this.#sought(), (found) => this.#goTo(found));
    this.#sought();
    this.#show();
  }

  #finderOf(query: Query, changed: (state: FindState) => void): Finder {
    return new Finder(this.session, outputsOf(this.state.view), query, () => this.#link.hub(), changed);
  }

  #sought(): void {
    this.state = { ...this.state, find: this.#search?.state ?? null, match: this.#search?.index ?? null };
    this.#viewport?.redraw();
    this.#tellSoon();
  }

  #seenBy(view: View): LogView {
    return new LogView(this.#live, view, (...page) => this.#ask(...page), () => this.#viewport?.update(), this.#settings.folds);
  }

  #seeAnew(): void {
    this.#view.close();
    this.#view = this.#seenBy(this.state.view);
  }

  /** Has the viewport show what is to be seen: the log, or what a filter leaves of it. */
  #show(): void {
    const around = this.state.filter;
    this.#filtered?.close();
    this.#filtered = around === null || !this.#search ? null : new FilteredLines(this.#view, this.#search.finder, around, this.#askAt, () => this.#viewport?.update());
    this.#viewport?.show(this.#filtered ?? this.#view);
  }

  /** Shows a line of the log. */
  #goTo(position: number): void {
    if (this.#filtered) this.#filtered.refresh();
    else if (this.#settings.folds) this.#view.folds.reveal(position);
    this.#viewport?.goTo(this.#filtered?.rowOf(position) ?? position);
    this.#sought();
  }

  #look(): RowLook {
    const { selection, status } = this.state;
    return {
      ...this.#settings,
      expanded: this.#expanded,
      beganMicros: (status?.createdAt ?? 0) * 1000,
      isSelected: (number: number) => selection !== null && number >= selection.from && number <= selection.to,
      mark: this.#search?.mark ?? null,
      isMatch: (line: Line) => this.#search?.finder.has(this.#view.positionOf(line)) ?? false,
      isFound: (line: Line) => this.#search?.found === this.#view.positionOf(line),
    };
  }

  #moved(isFollowing: boolean, from: number, to: number): void {
    if (this.state.isFollowing && !isFollowing) this.#leftAt = this.#view.complete;
    const seen = this.#filtered ? { from: this.#filtered.lineOf(from), to: this.#filtered.lineOf(to) } : { from, to };
    this.state = { ...this.state, isFollowing, seen };
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
      this.state = { ...this.state, lines: complete, first, fresh, bytes: this.#live.bytes, behind: this.#behind, spark: this.#spark.state };
      this.tell(this.state);
    }, TELL_MS);
  }
}
