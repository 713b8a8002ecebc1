import { expect, it } from 'vitest';
import { widthOf } from '../../src/text/width';

it.each([
  ['', 0],
  ['plain text', 10],
  ['grüße', 5],
  ['日本', 4],
  ['ｆ한', 4],
  ['e\u0301', 1],
  ['\u302a', 0],
  ['😀', 2],
  ['👩‍💻', 4],
  ['a\u200d', 1],
  ['\t', 8],
  ['1234567\t', 8],
  ['12345678\t', 16],
  ['日\tx', 9],
  ['\u10ff\u1160\u{3fffe}', 3],
])('%j takes %i columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});
