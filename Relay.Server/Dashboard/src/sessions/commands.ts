/** A word for a POSIX shell. */
export const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** Address of the relay whose page this is, as its tools take it. */
export const relayUrl = (base: string): string => base.replace(/\/$/, '');

const BEARER = `-H "Authorization: Bearer $RELAY_TOKEN"`;
const exported = (what: string): string => `export RELAY_TOKEN=${what}\n`;

/** The ways to start a first job, as README.md and docs/python.md have them. */
export function firstJobs(url: string, needsToken: boolean): { title: string; hint: string; text: string }[] {
  const token = needsToken ? exported('…') : '';
  const bearer = needsToken ? `${BEARER} ` : '';
  return [
    {
      title: 'curl',
      hint: 'Nothing to install. Creates a session and pipes a command’s output into it.',
      text: `${token}curl -fsS ${bearer}-X PUT ${url}/logging_session/first\nvmstat 1 30 | curl -fsS ${bearer}-T - ${url}/logs/first/write/stdout`,
    },
    {
      title: 'relay-writer',
      hint: 'Runs any command and loses no line of it when the network or the relay fails. Brings its exit code, too. One file, built in a checkout of the repository.',
      text: `dotnet publish Relay.Writer -p:PublishProfile=linux-x64 -o out\n${token}out/relay-writer run --session first --url ${url} -- bash -c '\n  for i in $(seq 10); do echo "line $i"; sleep 0.5; done\n  echo "a warning" >&2; exit 3'`,
    },
    {
      title: 'Python',
      hint: 'Two lines at the top of a job, with examples/python/relay_writer.py beside it. Needs nothing but Python.',
      text: `import relay_writer\nrelay_writer.attach("first", "${url}"${needsToken ? ', token="…"' : ''})`,
    },
  ];
}

/** How to write to a session that was just created, with its token if it has one. */
export function writeCommands(url: string, id: string, token: string | null): string {
  const session = encodeURIComponent(id);
  return [
    token === null ? '' : exported(token),
    `relay-writer run --session ${quoted(id)} --url ${url} -- COMMAND\n`,
    '\n# or, with nothing but curl\n',
    `COMMAND | curl -fsS ${token === null ? '' : `${BEARER} `}-T - ${quoted(`${url}/logs/${session}/write/stdout`)}`,
  ].join('');
}

export function readCommands(url: string, id: string, token: string | null): string {
  const session = encodeURIComponent(id);
  return [
    token === null ? '' : exported(token),
    `relay tail ${quoted(id)} --url ${url} --wait\n`,
    '\n# or, with nothing but curl\n',
    `curl -N ${token === null ? '' : `${BEARER} `}${quoted(`${url}/logs/${session}/read/stdout?follow=true`)}`,
  ].join('');
}
