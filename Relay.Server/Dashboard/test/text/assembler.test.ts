import { describe, expect, it } from 'vitest';
import { HEAD_BYTES, LineAssembler, partsOf, TAIL_BYTES, type RawLine } from '../../src/text/assembler';
import { plainText } from '../../src/text/terminal';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (part: Uint8Array) => new TextDecoder().decode(part);
const refuse = () => expect.fail('no line ends here');

/** The lines of records that follow one another; what has not ended stays open. */
function feed(assembler: LineAssembler, records: Uint8Array[], offset = 0): RawLine[] {
  const lines: RawLine[] = [];
  records.forEach((record, i) => {
    assembler.add(record, offset, i, (line) => lines.push(line));
    offset += record.length;
  });
  return lines;
}

describe('places and times', () => {
  it('a line has the offset and the time of its first byte', () => {
    const lines = feed(new LineAssembler(), [bytes('a\nb'), bytes('c'), bytes('d\n\ne\n')]);
    expect(lines.map(({ index, offset, length, timeMicros, head }) => [index, offset, length, timeMicros, text(head)])).toEqual([
      [0, 0, 1, 0, 'a'],
      [1, 2, 3, 0, 'bcd'],
      [2, 6, 0, 2, ''],
      [3, 7, 1, 2, 'e'],
    ]);
  });

  it('counts on from where it starts', () => {
    const lines = feed(new LineAssembler({ lines: 70, offset: 5000 }), [bytes('a\nb\n')], 5000);
    expect(lines.map(({ index, offset }) => [index, offset])).toEqual([[70, 5000], [71, 5002]]);
  });

  it('copies, for the record is used again', () => {
    const record = bytes('one\ntw');
    const assembler = new LineAssembler();
    const lines = feed(assembler, [record]);
    record.fill(0x58);
    lines.push(...feed(assembler, [bytes('o\n')], 6));
    expect(lines.map(({ head }) => text(head))).toEqual(['one', 'two']);
  });

  it('offset and length are those of the whole line, whatever overwrites it', () => {
    const lines = feed(new LineAssembler(), [bytes('10%\r20%\r\na\r\n')]);
    expect(lines.map(({ offset, length, redraws, head }) => [offset, length, redraws, text(head)])).toEqual([[0, 8, 1, '20%'], [9, 2, 0, 'a']]);
  });
});

describe('lines that do not end', () => {
  it('can be looked at, and stay', () => {
    const assembler = new LineAssembler();
    expect(assembler.open).toBeNull();
    feed(assembler, [bytes('ab')]);
    expect(assembler.open).toMatchObject({ index: 0, offset: 0, length: 2, ends: false });
    const [line] = feed(assembler, [bytes('c\n')], 2);
    expect(text(line!.head)).toBe('abc');
    expect(assembler.open).toBeNull();
  });

  it('are looked at without a character that is not whole', () => {
    const assembler = new LineAssembler();
    feed(assembler, [bytes('a€').subarray(0, 3)]);
    expect(assembler.open).toMatchObject({ length: 1, head: bytes('a'), omitted: 0 });
    feed(assembler, [bytes('€').subarray(2)], 3);
    expect(assembler.open).toMatchObject({ length: 4, head: bytes('a€') });
    feed(assembler, [bytes('x'.repeat(HEAD_BYTES) + '€').subarray(0, -1)], 4);
    expect(assembler.open).toMatchObject({ length: HEAD_BYTES + 4, tail: bytes('xxxx'), omitted: 0 });
  });

  it('are broken by a gap, and what comes behind it is another line of the same index', () => {
    const assembler = new LineAssembler();
    feed(assembler, [bytes('x\nab')]);
    expect(assembler.break()).toMatchObject({ index: 1, offset: 2, length: 2, ends: false });
    expect(assembler.break()).toBeNull();
    const lines = feed(assembler, [bytes('cd\ne\n')], 1000);
    expect(lines.map(({ index, offset, length, ends }) => [index, offset, length, ends])).toEqual([[1, 1000, 2, true], [2, 1003, 1, true]]);
  });

  it('are broken by a record that does not go on where the last one ended', () => {
    const assembler = new LineAssembler();
    const lines = [...feed(assembler, [bytes('ab')]), ...feed(assembler, [bytes('c\n')], 7)];
    expect(lines.map(({ index, offset, ends, head }) => [index, offset, ends, text(head)])).toEqual([[0, 0, false, 'ab'], [0, 7, true, 'c']]);
  });

  it('a broken line leaves nothing to the next one', () => {
    const assembler = new LineAssembler();
    feed(assembler, [bytes('1%\r2%\r'), new Uint8Array(HEAD_BYTES).fill(0x78), bytes('\r')]);
    assembler.break();
    const [line] = feed(assembler, [bytes('a\r'), bytes('b\n')], 1e6);
    expect(line).toMatchObject({ length: 3, redraws: 1, head: bytes('b'), omitted: 0 });
  });
});

describe('a start within a line', () => {
  const open = { offset: 100, timeMicros: 7, head: bytes('head'), tail: bytes('tail') };

  it('goes on with all of it', () => {
    const assembler = new LineAssembler({ lines: 3, offset: 108, open: { ...open, length: 8 } });
    const [line] = feed(assembler, [bytes('!\n')], 108);
    expect(line).toMatchObject({ index: 3, offset: 100, length: 9, timeMicros: 7, omitted: 0 });
    expect(partsOf(line!).map(text)).toEqual(['headtail!']);
  });

  it('goes on with what is known of it', () => {
    const assembler = new LineAssembler({ lines: 3, offset: 1100, open: { ...open, length: 1000 } });
    const [line, next] = feed(assembler, [bytes('!\nx\n')], 1100);
    expect(line).toMatchObject({ offset: 100, length: 1001, omitted: 992 });
    expect(partsOf(line!).map(text)).toEqual(['head', 'tail!']);
    expect(next).toMatchObject({ index: 4, offset: 1102, omitted: 0, head: bytes('x') });
  });

  it('keeps no more of a long head than of others', () => {
    const assembler = new LineAssembler({ lines: 0, offset: 40_000, open: { ...open, head: bytes('h'.repeat(20_000)), length: 30_000 } });
    expect(assembler.open).toMatchObject({ head: bytes('h'.repeat(HEAD_BYTES)), tail: bytes('tail'), omitted: 30_000 - HEAD_BYTES - 4 });
  });

  it('forgets what the bytes that are not known overwrite', () => {
    const start = { lines: 0, offset: 1100, open: { ...open, head: bytes('1%\r'), length: 1000 } };
    expect(new LineAssembler(start).open).toMatchObject({ length: 1000, head: bytes(''), tail: bytes('tail'), omitted: 993, redraws: 1 });
    start.open = { ...open, head: bytes(''), tail: bytes('\r9%'), length: 1000 };
    expect(new LineAssembler(start).open).toMatchObject({ head: bytes('9%'), omitted: 0, redraws: 1 });
  });

  it('believes what it is told of what was left out and overwritten', () => {
    const assembler = new LineAssembler({ lines: 0, offset: 1100, open: { ...open, length: 1000, omitted: 0, redraws: 70 } });
    feed(assembler, [bytes('!')], 1100);
    expect(assembler.open).toMatchObject({ length: 1001, head: bytes('headtail!'), omitted: 0, redraws: 70 });
    feed(assembler, [bytes('\r\r')], 1101);
    expect(assembler.open).toMatchObject({ length: 1003, head: bytes('headtail!'), redraws: 70 });
    feed(assembler, [bytes('x')], 1103);
    expect(assembler.open).toMatchObject({ length: 1004, head: bytes('x'), redraws: 71 });
  });

  it('shows the last state that is known of it', () => {
    const start = { lines: 0, offset: 1100, open: { ...open, head: bytes('1%\r2%'), tail: bytes('8%\r9%'), length: 1000 } };
    expect(new LineAssembler(start).open).toMatchObject({ length: 1000, head: bytes('9%'), omitted: 0, redraws: 2 });
    start.open.tail = bytes('9%');
    const assembler = new LineAssembler(start);
    expect(assembler.open).toMatchObject({ length: 1000, head: bytes('2%'), tail: bytes('9%'), omitted: 993 });
    feed(assembler, [bytes('\rdone')], 1100);
    expect(assembler.open).toMatchObject({ length: 1005, head: bytes('done'), omitted: 0, redraws: 2 });
  });
});

describe('long lines', () => {
  const record = (size: number, from: number) => Uint8Array.from({ length: size }, (_, i) => 0x61 + ((from + i) % 26));
  const whole = (size: number) => record(size, 0);

  it.each([1, 100, 4096, 5000, 65536])('of 5 MB in records of %i bytes keep their first and last bytes', (size) => {
    const length = size === 1 ? 50_000 : 5_000_000;
    const assembler = new LineAssembler();
    for (let at = 0; at < length; at += size) {
      assembler.add(record(Math.min(size, length - at), at), at, 0, refuse);
    }
    const [line] = feed(assembler, [bytes('\n')], length);
    expect(line).toMatchObject({ length, omitted: length - HEAD_BYTES - TAIL_BYTES });
    expect(line!.head).toEqual(whole(HEAD_BYTES));
    expect(line!.tail).toEqual(whole(length).subarray(-TAIL_BYTES));
    expect(line!.head.buffer.byteLength + line!.tail.buffer.byteLength).toBe(HEAD_BYTES + TAIL_BYTES);
  });

  it.each([
    [HEAD_BYTES, HEAD_BYTES, 0, 0],
    [HEAD_BYTES + 1, HEAD_BYTES, 1, 0],
    [HEAD_BYTES + TAIL_BYTES, HEAD_BYTES, TAIL_BYTES, 0],
    [HEAD_BYTES + TAIL_BYTES + 1, HEAD_BYTES, TAIL_BYTES, 1],
  ])('of %i bytes keep %i, %i and leave out %i', (length, head, tail, omitted) => {
    const [line] = feed(new LineAssembler(), [whole(length), bytes('\n')]);
    expect([line!.head.length, line!.tail.length, line!.omitted]).toEqual([head, tail, omitted]);
    expect(partsOf(line!).length).toBe(omitted > 0 ? 2 : 1);
  });

  it('are cut between characters where bytes are left out', () => {
    const [line] = feed(new LineAssembler(), [bytes('a' + '😀'.repeat(6000) + 'bc\n')]);
    expect(HEAD_BYTES - line!.head.length).toBe(3);
    expect(TAIL_BYTES - line!.tail.length).toBe(2);
    expect(line!.omitted).toBe(line!.length - line!.head.length - line!.tail.length);
    expect(partsOf(line!).map(plainText)).toEqual(['a' + '😀'.repeat(4095), '😀'.repeat(1023) + 'bc']);
  });

  it('that are no text are cut anywhere', () => {
    const [line] = feed(new LineAssembler(), [new Uint8Array(30_000).fill(0x80), bytes('\n')]);
    expect([line!.head.length, line!.tail.length]).toEqual([HEAD_BYTES, TAIL_BYTES - 3]);
  });

  it('next to each other do not mix', () => {
    const lines = feed(new LineAssembler(), [bytes('a'.repeat(50_000) + '\n' + 'b'.repeat(30_000) + '\nc\rd\n' + 'e'.repeat(30_000) + '\n')]);
    expect(lines.map(({ length, omitted, redraws }) => [length, omitted, redraws])).toEqual([[50_000, 29_520, 0], [30_000, 9_520, 0], [3, 0, 1], [30_000, 9_520, 0]]);
    expect(text(lines[1]!.tail)).toBe('b'.repeat(TAIL_BYTES));
  });
});

describe('progress bars', () => {
  it('of 100,000 redraws are one short line', () => {
    const assembler = new LineAssembler();
    let offset = 0;
    for (let i = 1; i <= 100_000; i++) {
      const record = bytes(`\r[Stage 0: ${i} of 100000]`);
      assembler.add(record, offset, i, refuse);
      offset += record.length;
      if (i % 20_000 === 0) {
        expect(assembler.open!.head.length).toBeLessThan(40);
      }
    }
    const [line] = feed(assembler, [bytes('\r\n')], offset);
    expect(line).toMatchObject({ offset: 0, length: offset + 1, timeMicros: 1, redraws: 99_999, omitted: 0, tail: bytes('') });
    expect(text(line!.head)).toBe('[Stage 0: 100000 of 100000]');
  });

  it('with a long last state keep its first and last bytes', () => {
    const [line] = feed(new LineAssembler(), [bytes('short\r'), bytes('x'.repeat(30_000) + 'end\n')]);
    expect(line).toMatchObject({ length: 30_009, redraws: 1, omitted: 30_003 - HEAD_BYTES - TAIL_BYTES });
    expect(partsOf(line!).map((part) => plainText(part).length)).toEqual([HEAD_BYTES, TAIL_BYTES]);
  });

  it('keep the same wherever the records are cut', () => {
    const line = bytes('head\r' + 'x'.repeat(HEAD_BYTES - 2) + '\r\rlast\r\n');
    const [whole] = feed(new LineAssembler(), [line]);
    expect(text(whole!.head)).toBe('last');
    for (let at = 0; at <= line.length; at += at < 12 || at > HEAD_BYTES - 12 ? 1 : 509) {
      expect(feed(new LineAssembler(), [line.subarray(0, at), line.subarray(at)]), `cut at ${at}`).toEqual([{ ...whole, timeMicros: expect.any(Number) }]);
    }
  });
});
