import type { Gap, Line } from '../api/contract';
import { scaleOf, type Scale } from './scale';

/** Lines by position. What is not there yet is undefined, and comes after it was wanted. */
export interface LineSource {
  /** Position of the first line. */
  readonly first: number;
  /** Position behind the last one. */
  readonly end: number;
  at(position: number): Line | undefined;
  gapsBefore(position: number): Gap[];
  want(from: number, to: number): void;
}

/** Makes the element of a line, or of one that is not there yet. */
export type RowMaker = (position: number, line: Line | undefined, gaps: Gap[]) => HTMLElement;

export interface ViewportListener {
  /** Whether it follows the end, and which lines are seen. */
  moved(isFollowing: boolean, from: number, to: number): void;
}

interface Row {
  line: Line | undefined;
  gaps: number;
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
    this.#forget();
    this.update();
  }

  /** Everything looks otherwise. */
  redraw(): void {
    this.#forget();
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
    this.#isFollowing = false;
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

  #forget(): void {
    this.#rows.clear();
    this.#heights.clear();
    this.#layer.replaceChildren();
  }

  #draw(): void {
    const { first, end } = this.#source;
    this.#height = this.scroller.clientHeight;
    this.#scale = scaleOf((end - first) * this.rowHeight, this.#height);
    this.#spacer.style.height = `${this.#scale.height}px`;
    if (this.#isFollowing) this.#anchor = this.#lastPlace();
    else this.#keepInside();
    const from = Math.max(first, this.#anchor.position - MARGIN);
    const to = Math.min(end, this.#anchor.position + this.#fit + MARGIN);
    this.#source.want(from, to);
    this.#put(from, to);
    const above = this.#measured(from, this.#anchor.position);
    this.#layer.style.transform = `translateY(${-Math.round(above + this.#anchor.top)}px)`;
    if (this.#isFollowing) this.#moveBar();
    this.listener.moved(this.#isFollowing, this.#anchor.position, to);
  }

  /** The place from which the log's end is just in view. */
  #lastPlace(): { position: number; top: number } {
    const { first, end } = this.#source;
    let [position, height] = [end, 0];
    this.#put(Math.max(first, end - this.#fit), end, true); // All at once: each look at a height has the browser lay out what is new.
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
    if (position + this.#fit < end) return;
    const last = this.#lastPlace();
    if (position > last.position || (position === last.position && this.#anchor.top > last.top)) this.#anchor = last;
  }

  #heightOf(position: number): number {
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
    return row !== undefined && row.line === this.#source.at(position);
  }

  /** Has these rows in the document, in their order, and no others; with `keep` the others stay. */
  #put(from: number, to: number, keep = false): void {
    if (!keep) {
      for (const [position, row] of this.#rows) {
        if (position >= from && position < to) continue;
        row.element.remove();
        this.#rows.delete(position);
        this.#heights.delete(position);
      }
    }
    const fresh: number[] = [];
    for (let position = from; position < to; position++) if (this.#putOne(position)) fresh.push(position);
    for (const position of fresh) this.#heights.set(position, this.#rows.get(position)!.element.offsetHeight);
  }

  /** @returns Whether the row is new, or another one than before. */
  #putOne(position: number): boolean {
    const line = this.#source.at(position);
    const gaps = this.#source.gapsBefore(position);
    const row = this.#rows.get(position);
    if (row && row.line === line && row.gaps === gaps.length) return false;
    const element = this.make(position, line, gaps);
    if (row) row.element.replaceWith(element);
    else this.#insert(position, element);
    this.#rows.set(position, { line, gaps: gaps.length, element });
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
