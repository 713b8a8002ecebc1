import type { OutputStatus, SessionStatus } from '../api/contract';

/** How a session stands, in the order in which they are offered. */
export const STATES = ['live', 'waiting', 'left', 'lost', 'failed', 'completed', 'expired'] as const;
export type RowState = (typeof STATES)[number];

export const WORDS: Record<RowState, string> = {
  live: 'live',
  waiting: 'waiting',
  left: 'left',
  lost: 'writer lost',
  failed: 'failed',
  completed: 'completed',
  expired: 'expired',
};

export const MEANINGS: Record<RowState, string> = {
  live: 'A writer is connected.',
  waiting: 'Nothing was written yet, and no writer is connected.',
  left: 'The writer left without completing the session. It, or another one, may come back.',
  lost: 'The writer vanished without a word. It may come back and go on where it was.',
  failed: 'The job ended with an exit code other than 0.',
  completed: 'The job ended well, or nobody reported how.',
  expired: 'Its time to live is over. The log is gone.',
};

const outputsOf = (status: SessionStatus): OutputStatus[] => [status.stdout, status.stderr];

export function stateOf(status: SessionStatus): RowState {
  if (status.state === 'completed') return status.exitCode ? 'failed' : 'completed';
  const outputs = outputsOf(status);
  if (outputs.some((output) => output.writer !== null)) return 'live';
  if (outputs.some((output) => output.isWriterLost)) return 'lost';
  return outputs.every((output) => output.state === 'waiting') ? 'waiting' : 'left';
}

/** What is wrong with a log that completed; null if nothing is. */
export function warningOf(status: SessionStatus): string | null {
  if (status.state !== 'completed') return null;
  const texts = [explain('stdout', status.stdout), explain('stderr', status.stderr)].filter((text) => text !== null);
  return texts.length > 0 ? texts.join(' ') : null;
}

function explain(name: string, { verdict }: OutputStatus): string | null {
  switch (verdict) {
    case 'incomplete':
      return `${name} is incomplete: bytes that the job wrote did not reach the relay.`;
    case 'mismatch':
      return `${name} does not match: what is stored is not, byte for byte, what the writer says it wrote.`;
    default:
      return null;
  }
}

/** Run ids of the writers that are connected. */
export const writersOf = (status: SessionStatus): string[] => [...new Set(outputsOf(status).flatMap((output) => output.writer ?? []))];

export const bytesOf = (status: SessionStatus): number => status.stdout.bytes + status.stderr.bytes;

/** From when to when the job ran; null where the list cannot know. `to` is null while it goes on. */
export function spanOf(status: SessionStatus, state: RowState): { from: number; to: number | null } | null {
  if (status.completedAt !== null) return { from: status.createdAt, to: status.completedAt };
  return state === 'live' ? { from: status.createdAt, to: null } : null;
}
