import { describe, expect, it } from 'vitest';
import { OUTPUTS, STDERR, STDOUT, type Line, type Output } from '../../src/api/contract';
import { Folds } from '../../src/log/folds';
import { findBlocks } from '../../src/text/stack';
import { lineOf, randomFrom } from './make';

/** Lines of both outputs, with traces of any length among them. */
function logOf(seed: number): { text: string; output: Output }[] {
  const random = randomFrom(seed);
  const waiting: Record<Output, string[]> = { [STDOUT]: [], [STDERR]: [] };
  return Array.from({ length: 4000 }, (_, i) => {
    const output: Output = random(3) === 0 ? STDOUT : STDERR;
    const lines = waiting[output];
    if (lines.length === 0) lines.push(...(random(30) === 0 ? trace(random) : [`24/01/31 12:00:00 INFO Executor: task ${i}`]));
    return { text: lines.shift()!, output };
  });
}

function trace(random: (below: number) => number): string[] {
  const frames = Array.from({ length: 1 + random(random(4) === 0 ? 250 : 20) }, (_, i) => `\tat a.b.C.m${i}(C.java:${i})`);
  if (random(3) === 0) return ['Traceback (most recent call last):', ...frames.flatMap((_, i) => [`  File "x.py", line ${i}, in f`, '    f()']), 'ValueError: no'];
  return ['24/01/31 12:00:00 ERROR Executor: failed', 'java.lang.RuntimeException: outer', ...frames, ...(random(2) === 0 ? ['Caused by: java.io.IOException: inner', '\tat a.b.C.o(Native Method)', '\t... 24 more'] : [])];
}

function hiddenOf(log: { text: string; output: Output }[]): number[] {
  const hidden: number[] = [];
  for (const output of OUTPUTS) {
    const positions = log.flatMap((line, position) => (line.output === output ? [position] : []));
    for (const { from, to, summaryFrom } of findBlocks(positions.map((position) => log[position]!.text))) {
      for (let at = from; at <= to; at++) if (at !== from && at !== summaryFrom) hidden.push(positions[at]!);
    }
  }
  return hidden.sort((a, b) => a - b);
}

describe('Folds', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`hide the same of a log wherever one looks first (${seed})`, () => {
      const log = logOf(seed);
      const lines = log.map(({ text, output }, number) => lineOf(text, number, output));
      const random = randomFrom(seed);
      const folds = new Folds({ at: (position) => lines[position] });
      for (let i = 0; i < 50; i++) folds.hides(random(lines.length));
      expect(lines.flatMap((_, position) => (folds.hides(position) ? [position] : []))).toEqual(hiddenOf(log));
    });

    it(`hide the same of a log that comes line by line (${seed})`, () => {
      const log = logOf(seed);
      const lines: Line[] = [];
      const folds = new Folds({ at: (position) => lines[position] });
      const random = randomFrom(seed);
      while (lines.length < log.length) {
        for (let more = 1 + random(40); more > 0 && lines.length < log.length; more--) lines.push(lineOf(log[lines.length]!.text, lines.length, log[lines.length]!.output));
        folds.refresh();
        for (let position = Math.max(0, lines.length - 50); position < lines.length; position++) folds.hides(position);
      }
      folds.refresh();
      expect(lines.flatMap((_, position) => (folds.hides(position) ? [position] : []))).toEqual(hiddenOf(log));
    });

    it(`hide the same of a log of which pieces come (${seed})`, () => {
      const log = logOf(seed);
      const lines = log.map(({ text, output }, number) => lineOf(text, number, output));
      const random = randomFrom(seed);
      const there = new Set<number>();
      const folds = new Folds({ at: (position) => (there.has(Math.floor(position / 250)) ? lines[position] : undefined) });
      while (there.size < lines.length / 250) {
        there.add(random(lines.length / 250));
        folds.refresh();
        for (let position = 0; position < lines.length; position += 10) folds.hides(position);
      }
      folds.refresh();
      expect(lines.flatMap((_, position) => (folds.hides(position) ? [position] : []))).toEqual(hiddenOf(log));
    });
  }

  it('are opened, folded again, and opened to reveal a line', () => {
    const texts = ['java.lang.RuntimeException: outer', ...Array.from({ length: 8 }, (_, i) => `\tat a.B.c(D.java:${i})`), 'Caused by: java.io.IOException: inner', '\tat a.B.d(D.java:2)', 'next'];
    const lines = texts.map((text, number) => lineOf(text, number));
    const folds = new Folds({ at: (position) => lines[position] });
    const hidden = () => texts.flatMap((_, position) => (folds.hides(position) ? [position] : []));
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 10];

    expect(hidden()).toEqual(all);
    expect(folds.at(0)).toEqual({ from: 0, hidden: 9, isOpen: false });
    folds.toggle(0);
    expect(hidden()).toEqual([]);
    expect(folds.at(0)).toEqual({ from: 0, hidden: 9, isOpen: true });
    folds.toggle(0);
    expect(hidden()).toEqual(all);
    folds.reveal(11);
    folds.reveal(9);
    expect(hidden()).toEqual(all);
    folds.reveal(10);
    expect(hidden()).toEqual([]);
  });

  it('are there whatever stands before them in the other output', () => {
    const trace = ['Traceback (most recent call last):', ...Array.from({ length: 15 }, (_, i) => [`  File "x.py", line ${i}, in f`, '    f()']).flat(), 'ValueError: no'];
    const lines = [...Array.from({ length: 300 }, (_, i) => lineOf(`out ${i}`, i, STDOUT)), ...trace.map((text, i) => lineOf(text, 300 + i, STDERR)), lineOf('out', 300 + trace.length, STDOUT)];
    const folds = new Folds({ at: (position) => lines[position] });
    expect(folds.at(300)).toEqual({ from: 300, hidden: 30, isOpen: false });
  });

  it('stay open around a line that was asked for before it was there', () => {
    const texts = ['java.lang.RuntimeException: outer', ...Array.from({ length: 8 }, (_, i) => `\tat a.B.c(D.java:${i})`), 'next'];
    let lines: Line[] = [];
    const folds = new Folds({ at: (position) => lines[position] });
    folds.reveal(5);
    lines = texts.map((text, number) => lineOf(text, number));
    folds.refresh();
    expect(folds.hides(5)).toBe(false);
    folds.toggle(0);
    expect(folds.hides(5)).toBe(true);
  });
});
