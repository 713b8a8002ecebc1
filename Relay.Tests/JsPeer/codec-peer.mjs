// The codec of @microsoft/signalr-protocol-msgpack as a filter: one line in, one line out.
//
//   node codec-peer.mjs parse    frames in hex      ->  the messages they hold, as a JSON array
//   node codec-peer.mjs encode   a message in JSON  ->  its frame in hex
//
// Binary data stands in JSON as {"$hex": "…"}.
import { createInterface } from 'node:readline';
import signalr from '@microsoft/signalr';
import msgpack from '@microsoft/signalr-protocol-msgpack';

const protocol = new msgpack.MessagePackHubProtocol();

const toHex = (bytes) => Buffer.from(bytes).toString('hex');
const fromHex = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const toJson = (_, value) => (value instanceof Uint8Array ? { $hex: toHex(value) } : value);
const fromJson = (_, value) => (typeof value?.$hex === 'string' ? fromHex(value.$hex) : value);

const modes = {
  parse: (line) => JSON.stringify(protocol.parseMessages(fromHex(line).buffer, signalr.NullLogger.instance), toJson),
  encode: (line) => toHex(protocol.writeMessage(JSON.parse(line, fromJson))),
};

const convert = modes[process.argv[2]];
if (!convert) {
  console.error('usage: node codec-peer.mjs parse|encode');
  process.exit(2);
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(convert(line));
}
