import type { SessionsBatch, SessionStatus } from '../api/contract';
import { RateHistory } from './rate';
import { bytesOf, stateOf, type RowState } from './state';

/** A session as the list shows it: another object whenever something of it changed. */
export interface Row {
  readonly id: string;
  readonly status: SessionStatus;
  readonly state: RowState;
  readonly rate: RateHistory;
}

/** So many that are gone stay on the list: on a page that is always open they must not become more and more. */
const MOST_EXPIRED = 100;

/** All sessions of the relay, as the stream `Sessions` tells them. */
export class SessionList {
  /** Whether everything was told once. */
  isLoaded = false;
  #rows = new Map<string, Row>();
  /** Ids of the snapshot that is under way. */
  #told: Set<string> | null = null;
  #snapshot: readonly Row[] | null = null;

  /** In no particular order; the same array until something changes. */
  get rows(): readonly Row[] {
    return (this.#snapshot ??= [...this.#rows.values()]);
  }

  /** A new stream begins, and tells everything again. The rows stay until it has: those that it did not tell are gone then. */
  restart(): void {
    this.#told = new Set();
  }

  apply({ changed, gone, isComplete }: SessionsBatch, now: number): void {
    for (const { id, reason } of gone) {
      if (reason === 'expired') this.#expire(id);
      else this.dismiss(id);
    }
    for (const status of changed) this.#put(status, now);
    if (isComplete && this.#told) this.#dropUntold(this.#told);
    this.isLoaded ||= isComplete;
    this.#snapshot = null;
  }

  /** Takes a row out of the list; of what the relay still has, it will tell again. */
  dismiss(id: string): void {
    this.#rows.delete(id);
    this.#snapshot = null;
  }

  /** To be called once a second. */
  sample(now: number): void {
    for (const { rate } of this.#rows.values()) rate.sample(now);
  }

  #put(status: SessionStatus, now: number): void {
    const { id } = status;
    const before = this.#rows.get(id);
    const bytes = bytesOf(status);
    const rate = before && before.status.createdAt === status.createdAt ? before.rate : new RateHistory(now, bytes);
    if (this.#told && !this.#told.has(id)) rate.rebase(bytes);
    else rate.observe(bytes);
    this.#told?.add(id);
    this.#rows.set(id, { id, status, state: stateOf(status), rate });
  }

  #expire(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#rows.delete(id); // The one that went last stands last.
    this.#rows.set(id, { ...row, state: 'expired' });
    const expired = [...this.#rows.values()].filter(({ state }) => state === 'expired');
    for (const oldest of expired.slice(0, -MOST_EXPIRED)) this.#rows.delete(oldest.id);
  }

  #dropUntold(told: Set<string>): void {
    for (const [id, row] of this.#rows) if (!told.has(id) && row.state !== 'expired') this.#rows.delete(id);
    this.#told = null;
  }
}
