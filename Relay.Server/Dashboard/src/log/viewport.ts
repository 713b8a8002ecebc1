import type { Gap, Line } from '../api/contract';
import type { Fold } from './folds';
import { scaleOf, type Scale } from './scale';

/** What stands in a row. */
export interface RowContent {
  /** Undefined while it is on its way, or gone. */
  line: Line | undefined;
  /** It is not there any more. */
  isGone: boolean;
  /** Before it. */
  gaps: readonly Gap[];
  /** How many lines between the row before and this one are left out; 0 for none. */
  skipped: number;
  /** The stack trace that it begins. */
  fold: Fold | null;
}

/** Rows by position. What is not there yet comes after it was wanted. */
export interface LineSource {
  /** Position of the first row. */
  readonly first: number;
  /** Position behind the last one. */
  readonly end: number;
  row(position: number): RowContent;
  /** Whether the row is there and takes up no place. */
  isHidden(position: number): boolean;
  /** Somebody reads there: it must not be hidden. */
  reveal(position: number): void;
  /** It is about to be drawn, and there may be more of it than before. */
  refresh(): void;
  want(from: number, to: number): void;
}

export interface RowMaker {
  make(content: RowContent): HTMLElement;
  /** Another value than before: it looks otherwise now, though its content is the same. */
  lookOf(content: RowContent): unknown;
}

export interface ViewportListener {
  /** Whether it follows the end, and which lines are seen. */
  moved(isFollowing: boolean, from: number, to: number): void;
}

interface Row {
  content: RowContent;
  look: unknown;
  element: HTMLElement;
}

/** Rows beyond the edges, so that an ordinary scroll finds them there. */
const MARGIN = 6;

/** A movement of more than so many views is a jump to another place, a smaller one goes by pixels. */
const JUMP_VIEWS = 2;

const SETTLED_MS = 160;

/** A log of so few views is short. */
const SHORT_VIEWS = 2;

/** And of no more lines, hidden ones among them. */
const MOST_OF_SHORT = 2000;

/**
 * Shows a window of a log of any length with a bounded number of rows. The place that is looked at is a line and a distance into it, so it stays while lines
 * come, go, or change their height; the scroll bar is made to fit (see Scale), and never asked for more than where a person moved it.
 */
export class Viewport {
  readonly #layer = document.createElement('div');
  readonly #spacer = document.createElement('div');
  readonly #rows = new Map<number, Row>();
  readonly #heights = new Map<number, number>();
  readonly #resizes: ResizeObserver;
  #source: LineSource;
  #scale: Scale = scaleOf(0, 0);
  #anchor = { position: 0, top: 0 };
  #isFollowing = true;
  #lastTop = 0;
  #frame = 0;
  #settling = 0;
  #height = 0;
  #isMovedDown = false;
  #isStale = false;
  #isAtEnd = true;

  /**
   * @param scroller Scrolls; its content is made here.
   * @param rowHeight Of a line that is not wrapped, in pixels.
   */
  constructor(
    private readonly scroller: HTMLElement,
    source: LineSource,
    private readonly maker: RowMaker,
    private readonly rowHeight: number,
    private readonly listener: ViewportListener,
  ) {
    this.#source = source;
    this.#layer.className = 'rows';
    this.#spacer.className = 'spacer';
    scroller.replaceChildren(this.#layer, this.#spacer);
    scroller.addEventListener('scroll', this.#scrolled, { passive: true });
    scroller.addEventListener('wheel', this.#wheeled, { passive: true });
    this.#resizes = new ResizeObserver(() => this.redraw());
    this.#resizes.observe(scroller);
  }

  /** Another log, or the same seen otherwise. */
  show(source: LineSource): void {
    this.#source = source;
    this.redraw();
  }

  /** Everything looks otherwise. */
  redraw(): void {
    this.#isStale = true;
    this.update();
  }

  /** There may be more to see. Cheap: it is drawn with the next frame. */
  update(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  follow(): void {
    this.#isFollowing = true;
    this.#draw(); // At once: a movement that is still under way would end it.
  }

  /** Stays where it is, also at the end. */
  hold(): void {
    this.#isFollowing = this.#isMovedDown = false;
  }

  /** @param place Where in the view the line is shown, from 0, the top, to 1. */
  goTo(position: number, place = 0.3): void {
    this.#isFollowing = this.#isMovedDown = false;
    this.#anchor = { position, top: -place * Math.max(0, this.scroller.clientHeight - this.rowHeight) };
    this.#draw();
    this.#moveBar();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#settling);
    this.#resizes.disconnect();
    this.scroller.removeEventListener('scroll', this.#scrolled);
    this.scroller.removeEventListener('wheel', this.#wheeled);
  }

  readonly #wheeled = (event: WheelEvent) => {
    if (event.deltaY < 0 && this.#source.end - this.#source.first > this.#rows.size) this.#isFollowing = false;
  };

  readonly #scrolled = () => {
    const top = this.scroller.scrollTop;
    const moved = top - this.#lastTop;
    if (Math.abs(moved) < 1) return;
    this.#lastTop = top;
    this.#isMovedDown = moved > 0;
    if (this.#isFollowing && top >= this.#lowest - 1) return this.update(); // The view has become higher, and the browser has moved the bar.
    const isJump = Math.abs(moved) > JUMP_VIEWS * this.#height && !this.#isShort();
    this.#isFollowing = isJump && top >= this.#lowest - 1;
    if (!isJump) this.#anchor.top += moved;
    else if (top <= 0) this.#anchor = { position: this.#source.first, top: 0 };
    else this.#anchor = this.#placeAt(this.#scale.toLog(top));
    this.update();
    this.#settle();
  };

  /** The bar's lowest place, as it is now. */
  get #lowest(): number {
    return this.scroller.scrollHeight - this.scroller.clientHeight;
  }

  /** Once nobody moves it any more, the scroll bar is put where the place that is seen belongs. */
  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => {
      const isMoved = Math.abs(this.scroller.scrollTop - this.#lastTop) >= 1; // Its event comes yet, and settles it.
      if (!isMoved) this.#moveBar();
    }, SETTLED_MS);
  }

  #moveBar(): void {
    const at = this.#isFollowing ? this.#scale.height : this.#barPlace();
    if (Math.abs(this.scroller.scrollTop - at) >= 1) this.scroller.scrollTop = at;
    this.#lastTop = this.scroller.scrollTop;
  }

  /**
   * Where the bar belongs. Near an end the way to it is known, however high rows are; elsewhere they are taken for rows of one line. At an end the bar is only
   * when the log is: from there nobody could move it any further.
   */
  #barPlace(): number {
    const { first, end } = this.#source;
    const { position, top } = this.#anchor;
    if (this.#isShort()) return this.#measured(first, position) + top;
    const range = this.#scale.height - this.#height;
    const [upper, lower] = [this.#height / 2, range - this.#height];
    if (this.#go(first, this.#fit >> 1) >= position) return Math.min(this.#measured(first, position) + top, upper);
    if (this.#go(position, this.#fit) >= end) {
      const last = this.#lastPlace();
      return Math.max(range - (this.#measured(position, last.position) - top + last.top), lower);
    }
    return Math.min(Math.max(this.#scale.toBar((position - first) * this.rowHeight + top), upper), lower);
  }

  #placeAt(logTop: number): { position: number; top: number } {
    const row = Math.floor(logTop / this.rowHeight);
    return { position: this.#source.first + row, top: logTop - row * this.rowHeight };
  }

  #draw(): void {
    const focusAgain = this.#focused();
    if (this.#isStale) this.#forget();
    this.#source.refresh();
    const { first, end } = this.#source;
    this.#height = this.scroller.clientHeight;
    this.#scale = scaleOf(this.#logHeight(), this.#height);
    this.#spacer.style.height = `${this.#scale.height}px`;
    if (this.#isFollowing) this.#anchor = this.#lastPlace();
    else this.#keepInside();
    const [from, to] = this.#isShort() ? [first, end] : [this.#go(this.#anchor.position, -MARGIN), this.#go(this.#anchor.position, this.#fit + MARGIN)];
    this.#source.want(from, to);
    this.#put(from, to);
    const above = this.#measured(from, this.#anchor.position);
    this.#layer.style.transform = `translateY(${-Math.round(above + this.#anchor.top)}px)`;
    if (this.#isFollowing || this.#isStuck()) this.#moveBar();
    focusAgain();
    this.listener.moved(this.#isFollowing, this.#anchor.position, to);
  }

  #forget(): void {
    this.#isStale = false;
    this.#rows.clear();
    this.#heights.clear();
    this.#layer.replaceChildren();
  }

  /** Gives the focus to the button that takes the place of the one that has it, or to the log. */
  #focused(): () => void {
    const focused = document.activeElement;
    const [name, value] = focused instanceof HTMLElement && this.#layer.contains(focused) ? (Object.entries(focused.dataset)[0] ?? []) : [];
    return () => {
      if (!name || focused?.isConnected) return;
      (this.#layer.querySelector<HTMLElement>(`[data-${name}="${value}"]`) ?? this.scroller).focus({ preventScroll: true });
    };
  }

  /** How high the log is, or could be: of a short one all rows are looked at. */
  #logHeight(): number {
    const { first, end } = this.#source;
    return this.#isShort() ? this.#measured(first, end) : (end - first) * this.rowHeight;
  }

  #isShort(): boolean {
    const { first, end } = this.#source;
    return end - first <= MOST_OF_SHORT && this.#go(first, SHORT_VIEWS * this.#fit) >= end;
  }

  /** Whether the bar is at an end, and the log is not: it could not be moved any further. */
  #isStuck(): boolean {
    const { position, top } = this.#anchor;
    const isAtStart = position <= this.#source.first && top <= 0;
    return (this.scroller.scrollTop <= 0 && !isAtStart) || (this.scroller.scrollTop >= this.#lowest - 1 && this.#lowest > 0 && !this.#isAtEnd);
  }

  /** The place from which the log's end is just in view. */
  #lastPlace(): { position: number; top: number } {
    const { first, end } = this.#source;
    let [position, height] = [end, 0];
    this.#put(this.#go(end, -this.#fit), end, true); // All at once: each look at a height has the browser lay out what is new.
    while (position > first && height < this.#height) height += this.#heightOf(--position);
    return { position, top: Math.max(0, height - this.#height) };
  }

  /** Moves the place to the line that it has come to, and not beyond an end. */
  #keepInside(): void {
    const { first, end } = this.#source;
    let { position, top } = this.#anchor;
    position = Math.min(Math.max(position, first), Math.max(first, end - 1));
    if (this.#source.isHidden(position)) this.#source.reveal(position); // A trace was found around what is read.
    while (top < 0 && position > first) top += this.#heightOf(--position);
    for (let height = this.#heightOf(position); top >= height && position < end - 1; height = this.#heightOf(position)) {
      top -= height;
      position++;
    }
    this.#anchor = { position, top: Math.max(0, top) };
    this.#isAtEnd = false;
    if (this.#go(position, this.#fit) < end) return;
    const last = this.#lastPlace();
    if (position < last.position || (position === last.position && this.#anchor.top < last.top - 1)) return;
    this.#isAtEnd = true;
    this.#anchor = last;
    this.#isFollowing ||= this.#isMovedDown; // Rows that are hidden leave the bar some way to go; the end is reached all the same.
  }

  /** So many seen rows further, or back, as far as there are any. */
  #go(position: number, rows: number): number {
    const { first, end } = this.#source;
    for (; rows > 0 && position < end; position++) if (!this.#source.isHidden(position)) rows--;
    for (; rows < 0 && position > first; position--) if (!this.#source.isHidden(position - 1)) rows++;
    return position;
  }

  #heightOf(position: number): number {
    if (this.#source.isHidden(position)) return 0;
    const known = this.#heights.get(position);
    if (known !== undefined && this.#isCurrent(position)) return known;
    this.#put(position, position + 1, true);
    return this.#heights.get(position) ?? this.rowHeight;
  }

  /** The most lines that can be in view. */
  get #fit(): number {
    return Math.ceil(this.#height / this.rowHeight);
  }

  #measured(from: number, to: number): number {
    let height = 0;
    for (let position = from; position < to; position++) height += this.#heightOf(position);
    return height;
  }

  #isCurrent(position: number): boolean {
    const row = this.#rows.get(position);
    return row !== undefined && this.#isSame(row, this.#source.row(position));
  }

  /** Has these rows in the document, in their order, and no others; with `keep` the others stay. */
  #put(from: number, to: number, keep = false): void {
    for (const position of [...this.#rows.keys()]) {
      if (this.#source.isHidden(position) || (!keep && (position < from || position >= to))) this.#remove(position);
    }
    const fresh: number[] = [];
    for (let position = from; position < to; position++) if (!this.#source.isHidden(position) && this.#putOne(position)) fresh.push(position);
    for (const position of fresh) this.#heights.set(position, this.#rows.get(position)!.element.offsetHeight);
  }

  #remove(position: number): void {
    this.#rows.get(position)!.element.remove();
    this.#rows.delete(position);
    this.#heights.delete(position);
  }

  /** @returns Whether the row is new, or another one than before. */
  #putOne(position: number): boolean {
    const content = this.#source.row(position);
    const row = this.#rows.get(position);
    if (row && this.#isSame(row, content)) return false;
    const element = this.maker.make(content);
    if (row) row.element.replaceWith(element);
    else this.#insert(position, element);
    this.#rows.set(position, { content, look: this.maker.lookOf(content), element });
    return true;
  }

  #isSame(row: Row, content: RowContent): boolean {
    return isSame(row.content, content) && row.look === this.maker.lookOf(content);
  }

  #insert(position: number, element: HTMLElement): void {
    let next: Element | null = null;
    let nearest = Infinity;
    for (const [other, row] of this.#rows) {
      if (other > position && other < nearest) [nearest, next] = [other, row.element];
    }
    this.#layer.insertBefore(element, next);
  }
}

const isSame = (one: RowContent, other: RowContent): boolean =>
  one.line === other.line &&
  one.isGone === other.isGone &&
  one.gaps.length === other.gaps.length &&
  one.skipped === other.skipped &&
  one.fold?.hidden === other.fold?.hidden &&
  one.fold?.isOpen === other.fold?.isOpen;
