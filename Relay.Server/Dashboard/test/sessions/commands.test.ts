import { describe, expect, it } from 'vitest';
import { firstJobs, quoted, readCommands, relayUrl, writeCommands } from '../../src/sessions/commands';

const URL = 'https://example.org/relay';

it('the address of the relay has no slash at its end', () => expect(relayUrl(`${URL}/`)).toBe(URL));

describe('a word for the shell', () => {
  it.each([
    ['nightly-1', 'nightly-1'],
    ['a b', `'a b'`],
    ["it's", `'it'\\''s'`],
    ['$(rm -rf ~)', `'$(rm -rf ~)'`],
    ['', `''`],
  ])('%j is %s', (word, text) => expect(quoted(word)).toBe(text));
});

describe('commands', () => {
  it('carry the token once, in the environment', () => {
    const text = writeCommands(URL, 'nightly', 'W-TOKEN');
    expect(text.match(/W-TOKEN/g)).toHaveLength(1);
    expect(text).toContain('relay-writer run --session nightly --url https://example.org/relay -- COMMAND');
    expect(text).toContain('-H "Authorization: Bearer $RELAY_TOKEN" -T - https://example.org/relay/logs/nightly/write/stdout');
  });

  it('name any session', () => {
    const text = readCommands(URL, "it's ✨", null);
    expect(text).toContain(`relay tail 'it'\\''s ✨' --url`);
    expect(text).toContain(`'https://example.org/relay/logs/it'\\''s%20%E2%9C%A8/read/stdout?follow=true'`);
    expect(text).not.toContain('TOKEN');
  });

  it('for a first job ask for a token only where one is needed', () => {
    expect(firstJobs(URL, false).some(({ text }) => /token/i.test(text))).toBe(false);
    expect(firstJobs(URL, true).every(({ text }) => /token/i.test(text))).toBe(true);
    expect(firstJobs(URL, false)[0]!.text).toContain('curl -fsS -X PUT https://example.org/relay/logging_session/first');
  });
});
