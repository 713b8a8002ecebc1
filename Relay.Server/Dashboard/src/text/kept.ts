import { continuationsAtStart, unfinishedAtEnd } from './utf8';

/** How many of a line's first bytes are kept. */
export const HEAD_BYTES = 16 * 1024;

/** How many of a longer line's last bytes are kept. */
export const TAIL_BYTES = 4 * 1024;

/**
 * The first and the last bytes of what grows; those between are only counted.
 *
 *     0        HEAD_BYTES                    + 2 TAIL_BYTES
 *     │ head ───► │ tail ──────────────────────────► │
 *
 * When the tail's room is full, the last TAIL_BYTES of it move to its beginning.
 */
export class KeptBytes {
  #bytes = new Uint8Array(256);
  #head = 0;
  #tail = 0;
  #count = 0;

  /** All bytes, kept or not. */
  get count(): number {
    return this.#count;
  }

  push(part: Uint8Array): void {
    if (this.#count === this.#head) {
      const first = part.subarray(0, HEAD_BYTES - this.#head);
      this.#reserve(this.#head + first.length);
      this.#bytes.set(first, this.#head);
      this.#head += first.length;
      this.#count += first.length;
      part = part.subarray(first.length);
    }
    if (part.length > 0) {
      this.#pushTail(part);
    }
  }

  /** Counts bytes that nobody has any more. */
  skip(count: number): void {
    this.#count += count;
    this.#tail = 0;
  }

  clear(): void {
    this.#head = this.#tail = this.#count = 0;
  }

  /** Copies; where bytes are left out between the two, neither has a part of a character there. */
  copy(): { head: Uint8Array; tail: Uint8Array; omitted: number } {
    let head = this.#bytes.subarray(0, this.#head);
    let tail = this.#bytes.subarray(HEAD_BYTES + Math.max(0, this.#tail - TAIL_BYTES), HEAD_BYTES + this.#tail);
    if (head.length + tail.length < this.#count) {
      head = head.subarray(0, head.length - unfinishedAtEnd(head));
      tail = tail.subarray(continuationsAtStart(tail));
    }
    return { head: head.slice(), tail: tail.slice(), omitted: this.#count - head.length - tail.length };
  }

  #pushTail(part: Uint8Array): void {
    this.#reserve(HEAD_BYTES + 2 * TAIL_BYTES);
    const last = part.subarray(-TAIL_BYTES);
    if (this.#tail + last.length > 2 * TAIL_BYTES) {
      this.#bytes.copyWithin(HEAD_BYTES, HEAD_BYTES + this.#tail - TAIL_BYTES, HEAD_BYTES + this.#tail);
      this.#tail = TAIL_BYTES;
    }
    this.#bytes.set(last, HEAD_BYTES + this.#tail);
    this.#tail += last.length;
    this.#count += part.length;
  }

  #reserve(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
  }
}
