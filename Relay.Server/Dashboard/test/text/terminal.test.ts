import { describe, expect, it } from 'vitest';
import { plainText, render } from '../../src/text/terminal';

const bytes = (text: string) => new TextEncoder().encode(text);
const MUST_NOT_SHOW = /[\0-\x08\n-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]|[\u{e0000}-\u{e0fff}]/u;

describe('render', () => {
  it('makes one span of plain text, and none of nothing', () => {
    expect(render(bytes('plain\ttext'))).toEqual([{ text: 'plain\ttext', style: null }]);
    expect(render(bytes(''))).toEqual([]);
    expect(render(bytes('\r\r'))).toEqual([]);
    expect(render(bytes('\x1b[31m\x1b[2J'))).toEqual([]);
  });

  it('shows the last state of a line that was redrawn', () => {
    expect(render(bytes('\x1b[31m10%\r20%\r\r'))).toEqual([{ text: '20%', style: null }]);
    expect(plainText(bytes('\r10%\r20%\r'))).toBe('20%');
  });

  it('marks names, in the style of their text', () => {
    expect(render(bytes('\x1b[1ma\0\x07b'))).toEqual([
      { text: 'a', style: { bold: true } },
      { text: '^@^G', style: { bold: true, isEscape: true } },
      { text: 'b', style: { bold: true } },
    ]);
  });

  it('leaves nothing of random bytes that controls or hides', () => {
    const random = mulberry32(20260131);
    const alphabet = bytes('\x1b\x1b\x1b[]P\\;:0123456789mKJHc?>\x07\x18\r ab\u009b\u202e\ufeff');
    for (let round = 0; round < 20_000; round++) {
      const line = Uint8Array.from({ length: 1 + random(40) }, () => (random(8) === 0 ? random(256) : alphabet[random(alphabet.length)]!));
      const spans = render(line);
      const text = spans.map((span) => span.text).join('');
      expect(text, String(line)).not.toMatch(MUST_NOT_SHOW);
      expect(plainText(line), String(line)).toBe(text);
      expect(spans.every((span, i) => span.text !== '' && span.style !== spans[i + 1]?.style), String(line)).toBe(true);
    }
  });

  it('is quick with what nobody ends', () => {
    for (const piece of ['\x1b]', '\x1b[', '\x1b[0;', '\x1bP\x1b', '\x1b ', '\x1b]0;x']) {
      expect(plainText(bytes(piece.repeat(16_384 / piece.length))).length).toBeGreaterThan(0);
    }
  }, 2000);
});

/** Bryck's generator: the same numbers at every run. */
function mulberry32(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
