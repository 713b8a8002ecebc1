// Reads a session with a token, as a page does: through a ticket, which stands in the URL where a token must not.
//
//   node ticket-peer.mjs URL SESSION TOKEN     prints what it read, or the code of the refusal, as one line of JSON
import signalR from '@microsoft/signalr';
import { readLog } from '../../examples/javascript/relay-reader.mjs';

const [url, session, token] = process.argv.slice(2);
const text = new TextDecoder();
let read = '';
try {
  for await (const { entries } of readLog({ signalR, url, session, token, follow: false })) {
    for (const entry of entries) if (entry.kind === 'data') read += text.decode(entry.data);
  }
  console.log(JSON.stringify({ read }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.code }));
}
