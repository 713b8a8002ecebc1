// Reads a session's log in a browser or in Node, over as many connections as it takes. Copy this file; it needs nothing but @microsoft/signalr:
//
//   import * as signalR from '@microsoft/signalr';
//   import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack'; // optional: without it, JSON
//   import { readLog } from './relay-reader.mjs';
//
//   const text = new TextDecoder();
//   for await (const { entries } of readLog({ signalR, protocol: new MessagePackHubProtocol(), url: 'http://127.0.0.1:8160', session: 'nightly' }))
//     for (const entry of entries)
//       if (entry.kind === 'data') show(entry.output, text.decode(entry.data, { stream: true })); // one decoder per output
//       else if (entry.kind === 'gap') show(entry.output, `[${entry.length} bytes are missing]`);
//       else if (entry.kind === 'diverged') show(0, `[the relay lost what followed record ${entry.sequence}]`);
//       else console.log(`ended: ${entry.end}, exit code ${entry.exitCode}`);
//
// SignalR's client keeps what it receives until somebody takes it, without bound. So this asks for 16 batches (at most 192 KiB of log each) and for one
// more whenever one was consumed: a consumer that is slow, or stops, holds back the relay and not its own memory.

const WINDOW = 16;
const RETRYABLE = ['storage_full', 'storage_failed', 'server_stopping', 'connection_lost', 'internal_error', 'too_many_requests', 'limit_reached'];
const KINDS = { 1: 'data', 2: 'gap', 3: 'diverged', 4: 'end' };
const GAPS = { 1: 'trimmed', 2: 'corrupt', 3: 'lost_by_writer' };
const ENDS = { 1: 'completed', 2: 'writer_closed', 3: 'writer_lost', 4: 'deleted', 5: 'expired', 6: 'tail' };

/**
 * Yields { cursor, entries } in order: no byte twice, none left out without a 'gap' or 'diverged' entry. The last entry has kind 'end'.
 * A batch counts as consumed when the next one is asked for; its cursor goes on behind it, also in another page or process.
 *
 * Options: signalR (the module), url (of the relay), session; protocol (a MessagePackHubProtocol), outputs ([1] stdout, [2] stderr, [] both),
 * cursor, follow (false: stop at the tail), signal (an AbortSignal: ends the read at once), token (the session's read token, or an admin key),
 * onRetry(error, delayMs), maxRetryMs.
 *
 * Throws what no retry can change, as an Error with a code: session_not_found, session_deleted, session_replaced, unauthorized, forbidden, …
 */
export async function* readLog(options) {
  const { signal, onRetry = () => {}, maxRetryMs = 2000 } = options;
  let cursor = options.cursor;
  let delay = 100;
  while (!signal?.aborted) {
    try {
      for await (const batch of readOnce(options, cursor)) {
        delay = 100;
        yield batch;
        cursor = batch.cursor || cursor;
        if (batch.entries.at(-1)?.kind === 'end') return;
      }
      throw new Error('The relay ended the read without saying why.');
    } catch (error) {
      if (signal?.aborted) return;
      const failure = ofRelay(error);
      if (!RETRYABLE.includes(failure.code)) throw failure;
      const wait = delay * (0.5 + Math.random() / 2); // many pages that lost the same relay must not come back at once
      onRetry(failure, wait);
      await pause(wait, signal);
      delay = Math.min(delay * 2, maxRetryMs);
    }
  }
}

/** One connection: until the stream ends, or breaks. */
async function* readOnce({ signalR, protocol, url, session, outputs = [], follow = true, signal, token }, cursor) {
  const binary = protocol !== undefined;
  const ticket = token && (await ticketFor(url, token, signal));
  const builder = new signalR.HubConnectionBuilder()
    .withUrl(`${root(url)}/hubs/logs`, {
      skipNegotiation: true,
      transport: signalR.HttpTransportType.WebSockets,
      ...(ticket ? { accessTokenFactory: () => ticket } : {}),
    })
    .configureLogging(signalR.LogLevel.None);
  const connection = (binary ? builder.withHubProtocol(protocol) : builder).build();
  const waiting = [];
  let ended = null; // { error } once nothing more comes
  let wake = () => {};
  const end = (error) => {
    ended ??= { error };
    wake();
  };
  const abort = () => {
    end(new Error('aborted'));
    connection.stop().catch(() => {}); // also while it is still connecting
  };
  const closed = (error) => end(error ?? new Error('The connection was closed.'));
  signal?.addEventListener('abort', abort);
  connection.onclose(closed);
  try {
    await connection.start();
    const credits = new signalR.Subject();
    const start = cursor ? 1 : 0;
    const request = binary ? [1, session, outputs, start, cursor ?? null, 0, 0, follow] : { session, outputs, start, cursor, follow };
    connection.stream('ReadPaced', request, credits).subscribe({
      next: (batch) => {
        if (waiting.length >= WINDOW) {
          end(new Error('The relay sent more than it was asked for.'));
          connection.stop();
        } else if (!ended) {
          waiting.push(batch);
          wake();
        }
      },
      error: end,
      complete: () => end(),
    });
    credits.next(WINDOW);
    while (!signal?.aborted) {
      if (waiting.length > 0) {
        yield binary ? fromArray(waiting.shift()) : fromObject(waiting.shift());
        if (!ended && connection.state === signalR.HubConnectionState.Connected) credits.next(1);
      } else if (ended) {
        if (ended.error) throw ended.error;
        return;
      } else {
        await new Promise((resolve) => (wake = resolve));
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    await connection.stop();
  }
}

// The messages of docs/protocol.md, 6.1. The data is a view of what was received: copy what you keep for long.
const fromArray = ([cursor, entries]) => ({
  cursor,
  entries: entries.map(([kind, output, offset, sequence, timeMicros, data, length, gap, end, exitCode, totals]) =>
    named({ kind, output, offset, sequence, timeMicros, data, length, gap, end, exitCode, totals: totals?.map(([o, bytes, crc32C]) => ({ output: o, bytes, crc32C })) })),
});

const fromObject = ({ cursor, entries }) => ({
  cursor,
  entries: entries.map((entry) => named({ ...entry, data: Uint8Array.from(atob(entry.data ?? ''), (c) => c.charCodeAt(0)) })),
});

const named = (entry) => ({ ...entry, kind: KINDS[entry.kind] ?? entry.kind, gap: GAPS[entry.gap], end: ENDS[entry.end] ?? entry.end });

const root = (url) => url.replace(/\/+$/, '');

/** A page cannot send headers with a WebSocket, and its URL ends up in logs: so the token is changed for a ticket that is good for one connection. */
async function ticketFor(url, token, signal) {
  const answer = await fetch(`${root(url)}/tickets`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, signal });
  const { ticket, code, detail } = await answer.json().catch(() => ({}));
  if (ticket) return ticket;
  throw new Refusal(code ?? (answer.status === 401 ? 'unauthorized' : 'connection_lost'), detail ?? `POST /tickets was answered with ${answer.status}.`);
}

class Refusal extends Error {
  constructor(code, detail, options) {
    super(detail, options);
    this.code = code;
  }
}

/** Refusals come as "… HubException: code: detail"; all else is a connection that broke. */
function ofRelay(error) {
  if (error instanceof Refusal) return error;
  const [, code, detail] = /HubException: ([a-z_]+): (.*)$/s.exec(error?.message ?? '') ?? [null, 'connection_lost', error?.message];
  return new Refusal(code, detail, { cause: error });
}

const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
