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

/** What a log is saved as: where the relay has it, and the name of the file. */
export function downloadOf(session: string, output: Output | 'both', withTimes = false): { path: string; name: string } {
  const name = [session, ...(output === 'both' ? [] : [nameOf(output)]), ...(withTimes ? ['times'] : []), 'log'].join('.');
  if (output !== 'both' && !withTimes) return { path: readPath(session, output), name };
  const query = new URLSearchParams();
  if (output !== 'both') query.set('output', nameOf(output));
  if (withTimes) query.set('times', 'true');
  const path = `logs/${encodeURIComponent(session)}/text`;
  return { path: query.size > 0 ? `${path}?${query}` : path, name };
}

/**
 * Has the browser save an output, or both as one text, as it is or with the time of each line. The ticket stands for the token, once.
 * @throws {RelayFailure}
 */
export async function save(session: string, output: Output | 'both', withTimes = false): Promise<void> {
  const { path, name } = downloadOf(session, output, withTimes);
  const url = new URL(urlOf(path));
  url.searchParams.set('ticket', await ticketFor(session));
  const link = document.createElement('a');
  link.href = url.href;
  link.download = name;
  link.click();
}
