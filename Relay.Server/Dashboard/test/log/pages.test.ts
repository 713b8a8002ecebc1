import { describe, expect, it } from 'vitest';
import { STDERR, STDOUT, type Gap, type Line, type LinePage, type Output } from '../../src/api/contract';
import { BLOCK, Pages } from '../../src/log/pages';
import { lineOf, pageOf } from './make';

const later = (milliseconds = 0) => new Promise((done) => setTimeout(done, milliseconds));

/** Pages of a log that begins at `kept` and ends at `end`, looked at again whenever something arrives, as a viewport does. */
function pagesOf(kept: number, end: number, from: number, to: number) {
  const asked: number[] = [];
  const pages: Pages = new Pages(
    async (first, count) => {
      asked.push(first);
      const begin = Math.max(first, kept);
      return pageOf(Array.from({ length: Math.max(0, Math.min(count, end - begin)) }, (_, i) => lineOf('x', begin + i)));
    },
    (line) => line.number,
    () => setTimeout(() => pages.want(from, to)),
  );
  pages.want(from, to);
  return { pages, asked };
}

describe('Pages', () => {
  it('ask once for lines that are there', async () => {
    const { pages, asked } = pagesOf(0, 10_000, 300, 340);
    await later(50);
    expect(asked).toEqual([BLOCK]);
    expect(pages.at(300)?.number).toBe(300);
  });

  it('know what is gone, and do not ask for it again', async () => {
    const { pages, asked } = pagesOf(600, 10_000, 0, 40);
    await later(50);
    expect(asked).toEqual([0]);
    expect([pages.at(0), pages.isGone(0), pages.isGone(BLOCK - 1)]).toEqual([undefined, true, true]);
  });

  it('ask for what does not come now and then, and not without end', async () => {
    const { pages, asked } = pagesOf(0, 100, 200, 240);
    await later(200);
    expect(asked.length).toBeLessThan(4);
    expect(pages.isGone(200)).toBe(false);
    pages.close();
  });

  it('have the line that a gap broke off with the gap of its output', async () => {
    const broken = (text: string, output: Output): Line => ({ ...lineOf(text, 0, output), ends: false });
    const gap = (output: Output): Gap => ({ kind: 'gap', output, offset: 0, length: 5, reason: 'corrupt', broken: null });
    const page: LinePage = { cursor: null, outputs: [], entries: [broken('out', STDOUT), broken('err', STDERR), gap(STDOUT), gap(STDERR), lineOf('next', 0)] };
    const pages = new Pages(async (first) => (first === 0 ? page : pageOf([])), (line) => line.number, () => {});
    pages.want(0, 1);
    await later();
    expect(pages.gapsBefore(0).map(({ output, broken }) => [output, new TextDecoder().decode(broken!.head)])).toEqual([
      [STDOUT, 'out'],
      [STDERR, 'err'],
    ]);
  });
});
