import { STDOUT, type Line, type LinePage, type Output } from '../../src/api/contract';

const encoder = new TextEncoder();

/** A line that stands in a log. */
export function lineOf(text: string, number: number, output: Output = STDOUT, index = number): Line {
  const head = encoder.encode(text);
  return { kind: 'line', number, index, output, offset: number * 1000, length: head.length, timeMicros: 0, head, tail: new Uint8Array(0), omitted: 0, ends: true, redraws: 0 };
}

export const pageOf = (entries: Line[]): LinePage => ({ cursor: null, outputs: [], entries });

/** The same for the same seed (mulberry32). */
export function randomFrom(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
