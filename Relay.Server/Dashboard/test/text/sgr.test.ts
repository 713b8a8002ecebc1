import { expect, it } from 'vitest';
import { applySgr, asEscape, describe, MAX_STYLES } from '../../src/text/sgr';

it('equal styles are the same object, however they came to be', () => {
  expect(applySgr(null, '1;31')).toBe(applySgr(applySgr(null, '31;4'), '24;1'));
  expect(applySgr(null, '38;5;1')).toBe(applySgr(null, '31'));
  expect(asEscape(applySgr(null, '1'))).toBe(asEscape(applySgr(null, '1')));
  expect(applySgr(null, '31')).not.toBe(applySgr(null, '32'));
});

it('no attributes are no style', () => {
  expect(applySgr(null, '')).toBeNull();
  expect(applySgr(applySgr(null, '1;31'), '22;39')).toBeNull();
  expect(describe(null)).toBe('');
});

it('styles do not change', () => {
  const red = applySgr(null, '31')!;
  expect(applySgr(red, '1')).toEqual({ fg: 1, bold: true });
  expect(red).toEqual({ fg: 1 });
  expect(Object.isFrozen(red)).toBe(true);
});

it('a sequence that hides or blinks, is too long or no SGR leaves the style as it is', () => {
  const red = applySgr(null, '31');
  for (const parameters of ['0;8', '5', '6;1', '08', '?0', '0;'.repeat(63), '0 ']) {
    expect(applySgr(red, parameters), parameters).toBe(red);
  }
  expect(applySgr(red, '0;'.repeat(62) + '0')).toBeNull();
});

it('past so many styles the colours of new ones are left out', () => {
  const colours = Array.from({ length: MAX_STYLES }, (_, i) => `38;2;${i >> 8};${i & 255};77`);
  const [first] = colours.map((colour) => applySgr(null, colour));
  expect(applySgr(null, '38;2;99;99;99;48;5;3')).toBeNull();
  expect(applySgr(null, '38;2;99;99;99;3;9')).toEqual({ italic: true, strike: true });
  expect(applySgr(null, colours[0]!)).toBe(first);
  expect(first).toEqual({ fg: '#00004d' });
});
