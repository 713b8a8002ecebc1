import type { OutputStatus, SessionStatus } from './contract';
import { call, sessionPath } from './rest';

/* eslint-disable @typescript-eslint/no-explicit-any */
type Document = any;

/** How a session stands, as `GET /logging_session/{id}` tells it. @throws {RelayFailure} */
export async function statusOf(session: string): Promise<SessionStatus> {
  const document: Document = await call('GET', sessionPath(session), session);
  return {
    id: document.session_id,
    state: document.state,
    createdAt: Date.parse(document.created_at),
    lastActivityAt: Date.parse(document.last_activity_at),
    expiresAt: timeOf(document.expires_at),
    labels: document.labels ?? {},
    stdout: outputOf(document.outputs.stdout),
    stderr: outputOf(document.outputs.stderr),
    readers: document.readers,
    exitCode: document.exit_code ?? null,
    completedAt: timeOf(document.completed_at),
  };
}

const timeOf = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null);

const outputOf = (document: Document): OutputStatus => ({
  state: document.state,
  bytes: document.bytes,
  lines: document.lines,
  firstOffset: document.first_offset,
  crc32C: document.crc32c ?? 0,
  writer: document.writer ?? null,
  isWriterLost: document.writer_lost ?? false,
  verdict: document.verdict ?? null,
});
