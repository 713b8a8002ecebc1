import { RelayFailure } from './failure';
import { tokenFor } from './tokens';

/** Where the relay is: this page may stand below a path. */
export const urlOf = (path: string): string => new URL(path, document.baseURI).href;

/** Page of a session. An id may have any character but `/`, `\` and controls. */
export const pageOf = (session: string): string => urlOf(`s/${encodeURIComponent(session)}`);

/**
 * One REST call.
 * @param session Whose token is sent; null for calls that take an admin key.
 * @throws {RelayFailure} What the problem document says, or `connection_lost`.
 */
export async function call(method: string, path: string, session: string | null, body?: unknown): Promise<unknown> {
  const headers = new Headers();
  const token = tokenFor(session);
  if (token) headers.set('Authorization', `Bearer ${token}`);
  if (body !== undefined) headers.set('Content-Type', 'application/json');
  let answer: Response;
  try {
    answer = await fetch(urlOf(path), { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  } catch (error) {
    throw new RelayFailure('connection_lost', 'The relay does not answer.', { cause: error });
  }
  const document = await answer.json().catch(() => ({}));
  if (answer.ok) return document;
  throw new RelayFailure(document.code ?? (answer.status === 401 ? 'unauthorized' : 'connection_lost'), document.detail ?? `The relay answered ${answer.status}.`);
}

/**
 * Stands for the token once, in the URL of a WebSocket or a download. Also asked for without a token: a page is not told why a WebSocket was refused, but why
 * a ticket was.
 */
export async function ticketFor(session: string | null): Promise<string> {
  const { ticket } = (await call('POST', 'tickets', session)) as { ticket: string };
  return ticket;
}

export const sessionPath = (id: string): string => `logging_session/${encodeURIComponent(id)}`;
