// A page that stops reading: takes one batch with examples/javascript/relay-reader.mjs, then does as it is told, line by line.
//
//   node --expose-gc stalled-reader-peer.mjs URL SESSION [json]
//     memory   ->  bytes of heap and buffers that are in use
//     go       ->  reads to the end: {"bytes", "crc32C", "holes", "retries", "end", "exitCode", "total"}
import { createInterface } from 'node:readline';
import signalR from '@microsoft/signalr';
import msgpack from '@microsoft/signalr-protocol-msgpack';
import { readLog } from '../../examples/javascript/relay-reader.mjs';

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
  return n >>> 0;
});

const [url, session, json] = process.argv.slice(2);
const seen = { bytes: 0, crc32C: 0, holes: 0, retries: 0 };
const take = ({ entries }) => {
  for (const entry of entries) {
    if (entry.kind === 'data') {
      if (entry.offset !== seen.bytes) seen.holes++;
      let crc = ~seen.crc32C;
      for (const byte of entry.data) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
      seen.crc32C = ~crc >>> 0;
      seen.bytes += entry.data.length;
    } else if (entry.kind === 'end') {
      Object.assign(seen, { end: entry.end, exitCode: entry.exitCode, total: entry.totals[0] });
    } else {
      seen.holes++;
    }
  }
};

const memory = async () => {
  // Buffers of the network are freed by finalizers: collect until it is quiet.
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const batches = readLog({
  signalR, url, session, outputs: [1], protocol: json ? undefined : new msgpack.MessagePackHubProtocol(), onRetry: () => seen.retries++,
});
take((await batches.next()).value);
console.log('stalled');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'memory') {
    console.log(await memory());
  } else {
    for await (const batch of batches) take(batch);
    console.log(JSON.stringify(seen));
  }
}
