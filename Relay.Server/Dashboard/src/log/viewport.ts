import type { Gap, Line } from '../api/contract';
import type { Fold } from './folds';
import { scaleOf, type Scale } from './scale';

/** What stands in a row. */
export interface RowContent {
  /** Undefined while it is on its way. */
  line: Line | undefined;
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
  /** It is about to be drawn, and there may be more of it than before. */
  refresh(): void;
  want(from: number, to: number): void;
}

/** Makes the element of a row. */
export type RowMaker = (position: number, content: RowContent) => HTMLElement;

export interface ViewportListener {
  /** Whether it follows the end, and which lines are seen. */
  moved(isFollowing: boolean, from: number, to: number): void;
}

interface Row {
  content: RowContent;
  element: HTMLElement;
}

/** Rows beyond the edges, so that an ordinary scroll finds them there. */
const MARGIN = 6;

/** A movement of more than so many views is a jump to another place, a smaller one goes by pixels. */
const JUMP_VIEWS = 2;

const SETTLED_MS = 160;

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

  /**
   * @param scroller Scrolls; its content is made here.
   * @param rowHeight Of a line that is not wrapped, in pixels.
   */
  constructor(
    private readonly scroller: HTMLElement,
    source: LineSource,
    private readonly make: RowMaker,
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

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** The lines that are seen. */
  get seen(): { from: number; to: number } {
    const shown = [...this.#rows.keys()].sort((a, b) => a - b);
    return { from: this.#anchor.position, to: (shown.at(-1) ?? this.#anchor.position) + 1 };
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
    this.update();
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
    this.#isMovedDown = moved > 0;
    this.#lastTop = top;
    // As it is now, not as it was drawn: where the view has become higher the browser itself moves the bar.
    this.#isFollowing = top >= this.scroller.scrollHeight - this.scroller.clientHeight - 1;
    if (top <= 0) this.#anchor = { position: this.#source.first, top: 0 };
    else if (Math.abs(moved) <= JUMP_VIEWS * this.#height) this.#anchor.top += moved;
    else this.#anchor = this.#placeAt(this.#scale.toLog(top));
    this.update();
    this.#settle();
  };

  /** Once nobody moves it any more, the scroll bar is put where the place that is seen belongs. */
  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => {
      const isMoved = Math.abs(this.scroller.scrollTop - this.#lastTop) >= 1; // Its event comes yet, and settles it.
      if (!isMoved) this.#moveBar();
    }, SETTLED_MS);
  }

  #moveBar(): void {
    const { position, top } = this.#anchor;
    const at = this.#isFollowing ? this.#scale.height : this.#scale.toBar((position - this.#source.first) * this.rowHeight + top);
    if (Math.abs(this.scroller.scrollTop - at) >= 1) this.scroller.scrollTop = at;
    this.#lastTop = this.scroller.scrollTop;
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
    this.#scale = scaleOf((end - first) * this.rowHeight, this.#height);
    this.#spacer.style.height = `${this.#scale.height}px`;
    if (this.#isFollowing) this.#anchor = this.#lastPlace();
    else this.#keepInside();
    const from = this.#go(this.#anchor.position, -MARGIN);
    const to = this.#go(this.#anchor.position, this.#fit + MARGIN);
    this.#source.want(from, to);
    this.#put(from, to);
    const above = this.#measured(from, this.#anchor.position);
    this.#layer.style.transform = `translateY(${-Math.round(above + this.#anchor.top)}px)`;
    if (this.#isFollowing) this.#moveBar();
    focusAgain();
    this.listener.moved(this.#isFollowing, this.#anchor.position, to);
  }

  #forget(): void {
    this.#isStale = false;
    this.#rows.clear();
    this.#heights.clear();
    this.#layer.replaceChildren();
  }

  /** Gives the focus to the button that takes the place of the one that has it. */
  #focused(): () => void {
    const focused = document.activeElement;
    const [name, value] = focused instanceof HTMLElement && this.#layer.contains(focused) ? (Object.entries(focused.dataset)[0] ?? []) : [];
    return () => {
      if (name && !focused?.isConnected) this.#layer.querySelector<HTMLElement>(`[data-${name}="${value}"]`)?.focus({ preventScroll: true });
    };
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
    while (top < 0 && position > first) top += this.#heightOf(--position);
    for (let height = this.#heightOf(position); top >= height && position < end - 1; height = this.#heightOf(position)) {
      top -= height;
      position++;
    }
    this.#anchor = { position, top: Math.max(0, top) };
    if (this.#go(position, this.#fit) < end) return;
    const last = this.#lastPlace();
    if (position < last.position || (position === last.position && this.#anchor.top < last.top)) return;
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
    return row !== undefined && isSame(row.content, this.#source.row(position));
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
    if (row && isSame(row.content, content)) return false;
    const element = this.make(position, content);
    if (row) row.element.replaceWith(element);
    else this.#insert(position, element);
    this.#rows.set(position, { content, element });
    return true;
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
  one.gaps.length === other.gaps.length &&
  one.skipped === other.skipped &&
  one.fold?.hidden === other.fold?.hidden &&
  one.fold?.isOpen === other.fold?.isOpen;
