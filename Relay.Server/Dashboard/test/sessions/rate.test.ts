import { describe, expect, it } from 'vitest';
import { RateHistory } from '../../src/sessions/rate';

describe('a rate', () => {
  it('has one sample a second of what came in it', () => {
    const rate = new RateHistory(0, 1000);
    rate.observe(1500);
    rate.observe(1800);
    rate.sample(1000);
    rate.sample(2000);
    rate.observe(2000);
    rate.sample(3000);
    expect(rate.samples).toEqual([800, 0, 200]);
    expect(rate.current).toBeCloseTo(1000 / 3);
  });

  it('takes no second sample in the same second', () => {
    const rate = new RateHistory(0, 0);
    rate.observe(10);
    rate.sample(1000);
    rate.observe(20);
    rate.sample(1400);
    expect(rate.samples).toEqual([10]);
  });

  it('spreads what came over the seconds that a page in the background slept', () => {
    const rate = new RateHistory(0, 0);
    rate.observe(400);
    rate.sample(4000);
    expect(rate.samples).toEqual([100, 100, 100, 100]);
  });

  it('keeps a minute', () => {
    const rate = new RateHistory(0, 0);
    for (let second = 1; second <= 75; second++) {
      rate.observe(second * second);
      rate.sample(second * 1000);
    }
    expect(rate.samples).toHaveLength(60);
    expect(rate.samples.at(-1)).toBe(75 * 75 - 74 * 74);
    rate.sample(10_000_000);
    expect(rate.samples).toHaveLength(60);
  });

  it('is never negative', () => {
    const rate = new RateHistory(0, 500);
    rate.observe(100);
    rate.sample(1000);
    expect(rate.samples).toEqual([0]);
  });

  it('is quiet again a minute after the last byte, and changes no more', () => {
    const rate = new RateHistory(0, 0);
    expect(rate.isQuiet).toBe(true);
    rate.observe(10);
    expect(rate.isQuiet).toBe(false);
    for (let second = 1; second <= 61; second++) rate.sample(second * 1000);
    expect(rate.isQuiet).toBe(true);
    const { version } = rate;
    rate.sample(62_000);
    expect(rate.version).toBe(version);
  });
});
