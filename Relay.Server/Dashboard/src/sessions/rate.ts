const SECONDS = 60;
const SECOND = 1000;
const AVERAGED = 3;

/** Bytes per second of one session over the last minute, one sample a second. */
export class RateHistory {
  /** Grows when the samples change. */
  version = 0;
  #samples: number[] = [];
  #sampledAt: number;
  #sampled: number;
  #latest: number;

  /** @param bytes How many there are at the start: they came before, nobody knows how fast. */
  constructor(now: number, bytes: number) {
    this.#sampledAt = now;
    this.#sampled = bytes;
    this.#latest = bytes;
  }

  /** Oldest first, at most 60. */
  get samples(): readonly number[] {
    return this.#samples;
  }

  /** Mean of the last three seconds. */
  get current(): number {
    const last = this.#samples.slice(-AVERAGED);
    return last.length === 0 ? 0 : last.reduce((sum, sample) => sum + sample, 0) / last.length;
  }

  get isQuiet(): boolean {
    return this.#latest === this.#sampled && this.#samples.every((sample) => sample === 0);
  }

  observe(bytes: number): void {
    this.#latest = bytes;
  }

  /** Bytes that came while nobody counted are no rate. */
  rebase(bytes: number): void {
    this.#sampled = bytes;
    this.#latest = bytes;
  }

  /** Takes the samples that are due. A page in the background is called less than once a second: what came is spread over the time since. */
  sample(now: number): void {
    const due = Math.round((now - this.#sampledAt) / SECOND);
    if (due < 1) return;
    const wasQuiet = this.isQuiet;
    const each = Math.max(0, this.#latest - this.#sampled) / due;
    const isFull = this.#samples.length === SECONDS;
    if (!wasQuiet || !isFull) this.#samples = [...this.#samples, ...new Array<number>(Math.min(due, SECONDS)).fill(each)].slice(-SECONDS);
    this.#sampledAt = now;
    this.#sampled = this.#latest;
    if (!wasQuiet) this.version++;
  }
}
