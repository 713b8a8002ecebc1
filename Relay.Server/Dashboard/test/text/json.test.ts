import { expect, it } from 'vitest';
import { prettyJson } from '../../src/text/json';

it('indents objects and arrays', () => {
  expect(prettyJson(' {"a":[1,{"b":null}],"c":{},"d":[ ],"e":[[]]} ')).toBe(`{
  "a": [
    1,
    {
      "b": null
    }
  ],
  "c": {},
  "d": [],
  "e": [
    []
  ]
}`);
});

it('leaves numbers, strings and the order of keys as they are written', () => {
  const written = ['12345678901234567890', '1.0', '-0', '1E+2', '"\\u0041\\/\\"{[,:]}"', '"a b"', '"grüße 😀"', 'true'];
  expect(prettyJson(`[${written.join(',')}]`)).toBe(`[\n${written.map((value) => `  ${value}`).join(',\n')}\n]`);
  expect(prettyJson('{"2":1,"1":2,"2":3}')).toBe('{\n  "2": 1,\n  "1": 2,\n  "2": 3\n}');
});

it('means the same', () => {
  const text = '{"a":"x, y: {z}","b":[1,2,[3,{"c":"\\\\"}]],"d":{"e":{"f":"\\"]"}}}';
  expect(JSON.parse(prettyJson(text)!)).toEqual(JSON.parse(text));
  expect(prettyJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
});

it.each(['', '1', '"a"', 'null', '{', '{]', '{"a":1}x', 'x {"a":1}', "{'a':1}", '{"a":1}{"b":2}', '[1,]', '{a:1}', 'INFO {}'])('%s is no object or array', (text) => {
  expect(prettyJson(text)).toBeNull();
});

it('has bounds', () => {
  const longest = `["${'x'.repeat(256 * 1024 - 4)}"]`;
  expect(prettyJson(longest)).not.toBeNull();
  expect(prettyJson(longest + ' ')).toBeNull();
  expect(prettyJson('['.repeat(1000) + ']'.repeat(1000))).not.toBeNull();
  expect(prettyJson('['.repeat(100_000) + ']'.repeat(100_000))).toBeNull();
});
