// A browser's view of the relay: the real @microsoft/signalr client, as a page would use it.
//
//   node session-peer.mjs URL SESSION [json]     writes a session, reads it, and prints what it saw as one line of JSON
import signalR from '@microsoft/signalr';
import msgpack from '@microsoft/signalr-protocol-msgpack';

const [url, session, protocol] = process.argv.slice(2);
const isJson = protocol === 'json';
const STDOUT = 1;
const STDERR = 2;

const connect = async () => {
  const builder = new signalR.HubConnectionBuilder()
    .withUrl(`${url}/hubs/logs`, { skipNegotiation: true, transport: signalR.HttpTransportType.WebSockets })
    .configureLogging(signalR.LogLevel.Error);
  const connection = (isJson ? builder : builder.withHubProtocol(new msgpack.MessagePackHubProtocol())).build();
  await connection.start();
  return connection;
};

const consume = (stream, next) => new Promise((resolve, reject) => stream.subscribe({ next, error: reject, complete: resolve }));

// Messages in the form of the protocol: arrays in MessagePack, objects in JSON.
const bytes = (text) => (isJson ? Buffer.from(text).toString('base64') : new TextEncoder().encode(text));
const writeRequest = (run) => (isJson ? { session, runId: run } : [1, session, run, 1, [], 0]);
const dataItem = (output, offset, text) => (isJson ? { kind: 1, output, offset, data: bytes(text) } : [1, output, offset, bytes(text)]);
const completeItem = (exitCode) => (isJson ? { kind: 3, exitCode } : [3, 0, 0, null, 0, exitCode, []]);
const readRequest = () => (isJson ? { session } : [1, session, []]);
const ackKind = (ack) => (isJson ? ack.kind : ack[0]);
const kindName = (kind) => ({ 1: 'data', 2: 'gap', 3: 'diverged', 4: 'end' })[kind] ?? kind;
const entries = (batch) =>
  isJson
    ? batch.entries.map((e) => ({ kind: kindName(e.kind), output: e.output, text: Buffer.from(e.data ?? '', 'base64').toString(), end: e.end, exitCode: e.exitCode }))
    : batch[1].map(([kind, output, , , , data, , , end, exitCode]) => ({
        kind: kindName(kind), output, text: data ? Buffer.from(data).toString() : '', end, exitCode,
      }));

const write = async () => {
  const connection = await connect();
  const upload = new signalR.Subject();
  const acks = [];
  const done = consume(connection.stream('Write', writeRequest('js-run'), upload), (ack) => {
    acks.push(ackKind(ack));
    if (acks.length > 1) return;
    upload.next(dataItem(STDOUT, 0, 'hello from '));
    upload.next(dataItem(STDERR, 0, 'a warning\n'));
    upload.next(dataItem(STDOUT, 11, 'JavaScript ☃\n'));
    upload.next(completeItem(3));
    upload.complete();
  });
  await done;
  await connection.stop();
  return acks;
};

const read = async () => {
  const connection = await connect();
  const credits = new signalR.Subject();
  const seen = [];
  const done = consume(connection.stream('ReadPaced', readRequest(), credits), (batch) => {
    seen.push(...entries(batch));
    credits.next(1);
  });
  credits.next(1);
  await done;
  await connection.stop();
  return seen;
};

const refusal = async () => {
  const connection = await connect();
  try {
    await consume(connection.stream('Write', isJson ? { session: 'no such session', runId: 'r' } : [1, 'no such session', 'r'], new signalR.Subject()), () => {});
    return null;
  } catch (error) {
    return error.message;
  } finally {
    await connection.stop();
  }
};

const reading = read();
const acks = await write();
console.log(JSON.stringify({ acks, live: await reading, late: await read(), refusal: await refusal() }));
