import { nameOf, type Output } from './contract';
import { ofHub, RelayFailure } from './failure';
import { ticketFor, urlOf } from './rest';
import { tokenFor } from './tokens';

const readPath = (session: string, output: Output): string => `logs/${encodeURIComponent(session)}/read/${nameOf(output)}`;

/** Some bytes of an output. @throws {RelayFailure} */
export async function bytesOf(session: string, output: Output, offset: number, length: number): Promise<Uint8Array> {
  const headers = new Headers({ Range: `bytes=${offset}-${offset + length - 1}` });
  const token = tokenFor(session);
  if (token) headers.set('Authorization', `Bearer ${token}`);
  try {
    const answer = await fetch(urlOf(readPath(session, output)), { headers });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
    const { code, detail } = await answer.json();
    throw new RelayFailure(code, detail);
  } catch (error) {
    throw ofHub(error);
  }
}

/** Has the browser save an output as it is. The ticket stands for the token, once. @throws {RelayFailure} */
export async function save(session: string, output: Output): Promise<void> {
  const ticket = await ticketFor(session);
  const link = document.createElement('a');
  link.href = urlOf(readPath(session, output)) + `?ticket=${encodeURIComponent(ticket)}`;
  link.download = `${session}.${nameOf(output)}.log`;
  link.click();
}
