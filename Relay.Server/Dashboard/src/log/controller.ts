import type { HubConnection } from '@microsoft/signalr';
import { linesAtRequest, linesRequest, toPage, type Line, type LinePage, type Output, type OutputTotal, type SessionStatus } from '../api/contract';
import { ofHub, RelayFailure } from '../api/failure';
import { Link, type LinkState } from '../api/link';
import { statusOf } from '../api/status';
import type { SparkState } from '../text/spark';
import { copyOf } from './copied';
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
  /** After it was gone, or is another one than was read, there is one of the same id. */
  isReplaced: boolean;
  /** Why what was asked for last did not come. */
  problem: string | null;
  /** If the log is a Spark driver's. */
  spark: SparkState | null;
}

const TELL_MS = 100;
const STATUS_PAUSE = 2000;

const enum Look {
  Unsettled,
  Plain,
  Match,
  Found,
}

/** One log on one page: reads it, shows it, and tells what the page around it should say. */
export class LogController implements FeedListener {
  state: LogState;
  readonly #live = new LiveLog();
  readonly #link: Link;
  readonly #expanded: ExpandedLines;
  #spark = new SparkWatch(this.#live);
  #view: LogView;
  #viewport: Viewport | null = null;
  #settings: Settings;
  #telling = 0;
  #leftAt = 0; // Lines there were when it ceased to follow.
  #search: Search | null = null;
  #filtered: FilteredLines | null = null;
  #isAnother = false; // Some of it did not survive a crash of the relay: it begins anew.
  #isExpected = false; // The line that the address names is not there yet.
  #statusAsked = 0;
  #isClosed = false;
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
      isReplaced: false,
      problem: null,
      spark: null,
    };
    this.#link = new Link(session, (hub, signal, accepted) => follow(hub, session, this.#live, this, signal, accepted), (link) => this.#say({ link }));
  }

  attach(scroller: HTMLElement, rowHeight: number): void {
    this.#viewport = new Viewport(
      scroller,
      this.#view,
      { make: (content) => rowOf(content, this.#look()), lookOf: ({ line }) => line && this.#lookOf(line) },
      rowHeight,
      { moved: (isFollowing, from, to) => this.#moved(isFollowing, from, to) },
    );
    this.#viewport.update();
  }

  close(): void {
    this.#isClosed = true;
    this.#link.stop();
    this.#search?.stop();
    this.#filtered?.close();
    this.#view.close();
    this.#viewport?.close();
    clearTimeout(this.#telling);
  }

  again = (): void => this.#link.again();

  restyle(settings: Settings): void {
    const isFolding = settings.folds && !this.#settings.folds;
    this.#settings = settings;
    this.#view.isFolding = settings.folds;
    const head = isFolding && !this.#filtered ? this.#view.folds.headOf(this.state.seen.from) : null;
    if (head !== null && !this.state.isFollowing) this.#viewport?.goTo(head, 0);
    this.#viewport?.redraw();
  }

  look(view: View): void {
    if (view === this.state.view) return;
    const place = this.state.isFollowing ? null : this.#placeIn(view);
    this.state = { ...this.state, view, isFollowing: place === null };
    this.#seeAnew();
    this.#seek(this.state.find?.query ?? null);
    if (place === null) this.#viewport?.follow();
    else this.#goTo(place, 0);
  }

  /** Where the first line that is seen stands in another view; null where that has none of those that are seen. */
  #placeIn(view: View): number | null {
    const { from, to } = this.state.seen;
    for (let position = from; position < to; position++) {
      const line = this.#view.at(position);
      if (line && outputsOf(view).includes(line.output)) return view === 'both' ? line.number : line.index;
    }
    return null;
  }

  /** Looks for something in all of the log; null ends it. */
  find(query: Query | null): void {
    const now = this.state.find?.query ?? null;
    if (query === null ? now !== null : now === null || !isSame(query, now)) this.#seek(query);
  }

  /** Shows only what is found, with so many lines around each match; null: all of the log. */
  filter(around: number | null): void {
    if (around === this.state.filter) return;
    this.state = { ...this.state, filter: around };
    this.#show();
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
    this.#isExpected = false;
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
      this.#isExpected = selection.from >= this.#view.end;
      if (this.#live.cursor !== null && !this.#isExpected) this.#goTo(selection.from);
    }
    this.#viewport?.redraw();
    this.#tellSoon();
  };

  /** The text of some lines. @throws {RelayFailure} */
  textOf(range: Range): Promise<string> {
    return copyOf(range, (...window) => this.#ask(outputsOf('both'), ...window));
  }

  /** Shows a long line in whole, up to 1 MiB of it. */
  async showWhole(output: Output, offset: number, length: number, shown: number): Promise<void> {
    try {
      this.#throwIfGone();
      this.#viewport?.hold();
      await this.#expanded.fetch(output, offset, length, shown);
      this.#say({ problem: null });
      this.#viewport?.redraw();
    } catch (failure) {
      this.#say({ problem: ofHub(failure).message });
    }
  }

  /** Sets a line of JSON out, or puts it into its one line again. */
  setOut(output: Output, offset: number): void {
    this.#viewport?.hold();
    this.#expanded.toggleSetOut(output, offset);
    this.#viewport?.redraw();
  }

  /** Opens the stack trace that begins with a line, or folds it. */
  fold(position: number): void {
    this.#viewport?.hold(); // What was pressed stays where it is, also at the end.
    this.#view.folds.toggle(position);
    this.#viewport?.redraw();
  }

  grown(): void {
    const ahead = this.#live.newestMicros / 1000 - Date.now();
    this.#clockAhead = Math.max(this.#clockAhead, ahead);
    this.#behind = Math.max(0, this.#clockAhead - ahead);
    this.#viewport?.update();
    if (this.#isExpected && this.state.selection && this.state.selection.from < this.#view.complete) this.goToHash();
    this.#spark.grown();
    this.#search?.finder.grown();
    this.#tellSoon();
  }

  begun(): void {
    this.#seeAnew();
    if (this.#isAnother) {
      // What was found, fetched and counted may be of lines that are not there any more.
      this.#isAnother = false;
      this.#expanded.clear();
      this.#spark = new SparkWatch(this.#live);
      this.#seek(this.state.find?.query ?? null);
    }
    this.#show();
    if (!this.state.hasBegun && this.state.selection) this.goToHash();
    void this.#spark.begin((...window) => this.#ask(outputsOf('both'), ...window)).then(() => this.#tellSoon(), () => {}); // Without it the log reads as well.
    this.#spark.grown();
    this.#leftAt = Math.min(this.#leftAt, this.#view.end);
    this.state = { ...this.state, hasBegun: true };
    this.#tellSoon();
  }

  diverged(totals: OutputTotal[]): void {
    this.#isAnother = true;
    this.#say({ diverged: totals });
  }

  ended(end: LogEnd): void {
    this.#behind = 0;
    this.#say({ end });
    this.#viewport?.update();
  }

  replaced(): void {
    if (this.#isGone) this.#say({ isReplaced: true });
  }

  resumed(): void {
    this.#say({ end: null });
    this.#viewport?.update();
  }

  happened(): void {
    const asked = ++this.#statusAsked; // Of two answers the one that was asked for last holds, not the one that came last.
    statusOf(this.session).then(
      (status) => asked === this.#statusAsked && this.#say({ status }),
      (failure: RelayFailure) => {
        // A session that is gone tells so by the end of its log; a refusal comes by the connection.
        if (failure.isPassing && !this.#isClosed) setTimeout(() => asked === this.#statusAsked && this.happened(), STATUS_PAUSE);
      },
    );
  }

  #askAt = (outputs: readonly Output[], at: readonly number[]): Promise<LinePage> => this.#readLines(linesAtRequest(this.session, outputs, at));

  #ask = (outputs: readonly Output[], first: number, count: number): Promise<LinePage> => this.#readLines(linesRequest(this.session, outputs, first, count));

  /** It was deleted or has expired. Under its id there may be another one. */
  get #isGone(): boolean {
    return this.state.end?.reason === 'deleted' || this.state.end?.reason === 'expired';
  }

  #throwIfGone(): void {
    if (this.#isGone) throw new RelayFailure('session_deleted', 'The session is gone, and what was not read of it with it.');
  }

  async #readLines(request: unknown[]): Promise<LinePage> {
    this.#throwIfGone();
    const page = toPage(await this.#link.call('ReadLines', request));
    this.#live.trim(page);
    return page;
  }

  #seek(query: Query | null): void {
    this.#search?.stop();
    this.#search = null;
    this.#search = query && new Search(query, (changed) => this.#finderOf(query, changed), () => this.#sought(), (found) => this.#goTo(found));
    this.#sought();
    this.#viewport?.redraw();
    this.#show();
  }

  #finderOf(query: Query, changed: (state: FindState) => void): Finder {
    return new Finder(this.session, outputsOf(this.state.view), query, () => this.#hub(), changed);
  }

  async #hub(): Promise<HubConnection> {
    this.#throwIfGone();
    return await this.#link.hub();
  }

  #sought(): void {
    this.state = { ...this.state, find: this.#search?.state ?? null, match: this.#search?.index ?? null };
    this.#viewport?.update();
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
    const { isFollowing, seen } = this.state;
    const found = this.#search?.found ?? null;
    const wasFiltered = this.#filtered !== null;
    this.#filtered?.close();
    this.#filtered = around === null || !this.#search ? null : new FilteredLines(this.#view, this.#search.finder, around, this.#askAt, () => this.#viewport?.update());
    this.#viewport?.show(this.#filtered ?? this.#view);
    if (isFollowing || (!wasFiltered && !this.#filtered)) return;
    if (found !== null && found >= seen.from && found < seen.to) this.#goTo(found);
    else this.#goTo(seen.from, 0); // Its rows are others now.
  }

  /** Shows a line of the log. */
  #goTo(position: number, place?: number): void {
    this.#filtered?.refresh();
    if (!this.#filtered && place === undefined) this.#view.folds.reveal(position);
    this.#viewport?.goTo(this.#filtered?.rowOf(position) ?? position, place);
    this.#sought();
  }

  #look(): RowLook {
    const { selection, status } = this.state;
    return {
      ...this.#settings,
      expanded: this.#expanded,
      beganMicros: (status?.createdAt ?? 0) * 1000,
      isSettled: (line: Line) => this.#isSettled(line),
      isSelected: (number: number) => selection !== null && number >= selection.from && number <= selection.to,
      mark: this.#search?.mark ?? null,
      isMatch: (line: Line) => this.#lookOf(line) >= Look.Match,
      isFound: (line: Line) => this.#lookOf(line) === Look.Found,
    };
  }

  #lookOf(line: Line): Look {
    if (!this.#isSettled(line)) return Look.Unsettled;
    const position = this.#view.positionOf(line);
    return this.#search?.found === position ? Look.Found : this.#search?.finder.has(position) ? Look.Match : Look.Plain;
  }

  /** A line that has not ended gets its number when it does, or when the job has. */
  #isSettled(line: Line): boolean {
    return line.ends || this.state.end?.reason === 'completed';
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
      const fresh = this.state.isFollowing || this.#filtered ? 0 : Math.max(0, complete - this.#leftAt);
      this.state = { ...this.state, lines: complete, first, fresh, bytes: this.#live.bytes, behind: this.#behind, spark: this.#spark.state };
      this.tell(this.state);
    }, TELL_MS);
  }
}
