import { describe, expect, it } from 'vitest';
import { LineAssembler, partsOf, type RawLine } from '../../src/text/assembler';
import { describe as nameOf } from '../../src/text/sgr';
import { findBlocks } from '../../src/text/stack';
import { plainText, render } from '../../src/text/terminal';
import { bytesOf, examples, textOf } from './examples';

function linesOf(records: Uint8Array[]): RawLine[] {
  const lines: RawLine[] = [];
  const assembler = new LineAssembler();
  let offset = 0;
  for (const record of records) {
    assembler.add(record, offset, 0, (line) => lines.push(line));
    offset += record.length;
  }
  const open = assembler.break();
  return open ? [...lines, open] : lines;
}

const shown = (records: Uint8Array[]) =>
  linesOf(records).map((line) => ({ texts: partsOf(line).map(plainText), ends: line.ends, redraws: line.redraws }));

const cut = (bytes: Uint8Array, at: number) => [bytes.subarray(0, at), bytes.subarray(at)];

describe.each(examples)('$name', ({ chunks, lines, folds = [] }) => {
  const records = chunks.map((chunk) => bytesOf(chunk));
  const whole = bytesOf(chunks);
  const expected = lines.map(({ text, ends = true, redraws = 0 }) => ({ texts: [textOf(text)], ends, redraws }));

  it('is the same by chunks, as a whole, and byte by byte', () => {
    expect(shown(records)).toEqual(expected);
    expect(shown([whole])).toEqual(expected);
    expect(shown(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it('is the same wherever it is cut in two', () => {
    for (let at = 0; at <= whole.length; at += whole.length > 2000 ? 997 : 1) {
      expect(shown(cut(whole, at)), `cut at ${at}`).toEqual(expected);
    }
  });

  it('is folded where it is a stack trace', () => {
    const texts = linesOf([whole]).map((line) => plainText(line.head));
    expect(findBlocks(texts).map(({ from, summaryFrom, to }) => [from, summaryFrom, to])).toEqual(folds);
  });

  it('has its colours', () => {
    linesOf([whole]).forEach((line, i) => {
      const spans = partsOf(line).flatMap(render).map(({ text, style }) => [text, nameOf(style)]);
      const { text, ansi, spans: styled } = lines[i]!;
      expect(spans.map(([text]) => text).join('')).toBe(textOf(text));
      if (styled) {
        expect(spans).toEqual(styled);
      } else {
        expect(spans.every(([, style]) => style === '' || style === 'isEscape')).toBe(true);
      }
      if (ansi) {
        const again = render(new TextEncoder().encode(textOf(ansi)));
        expect(again.map(({ text }) => text).join(''), 'ansi differs from text by colours only').toBe(textOf(text));
        expect(new Set(again.map(({ style }) => nameOf(style)))).toEqual(new Set(spans.map(([, style]) => style!.replace(/ ?isEscape/, ''))));
      }
    });
  });
});
