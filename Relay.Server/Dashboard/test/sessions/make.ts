import type { OutputStatus, SessionStatus } from '../../src/api/contract';
import type { Row } from '../../src/sessions/list';
import { RateHistory } from '../../src/sessions/rate';
import { stateOf } from '../../src/sessions/state';

export const output = (part: Partial<OutputStatus> = {}): OutputStatus => ({
  state: 'waiting',
  bytes: 0,
  lines: 0,
  firstOffset: 0,
  crc32C: 0,
  writer: null,
  isWriterLost: false,
  verdict: null,
  ...part,
});

export const session = (id: string, part: Partial<SessionStatus> = {}): SessionStatus => ({
  id,
  state: 'live',
  createdAt: 1000,
  lastActivityAt: 1000,
  expiresAt: null,
  labels: {},
  stdout: output(),
  stderr: output(),
  readers: 0,
  exitCode: null,
  completedAt: null,
  ...part,
});

export const row = (id: string, part: Partial<SessionStatus> = {}): Row => {
  const status = session(id, part);
  return { id, status, state: stateOf(status), rate: new RateHistory(0, 0) };
};
