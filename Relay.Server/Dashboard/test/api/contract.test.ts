import { expect, it } from 'vitest';
import { toSearchBatch } from '../../src/api/contract';

it.each([
  [0, null],
  [undefined, null],
  [1, 'complete'],
  [2, 'limit'],
  [3, 'time'],
  [99, 'complete'],
])('a batch of matches that ends with %s is followed by others only where it is not the end: %s', (end, expected) => {
  expect(toSearchBatch([[7], [], 10, 20, 8, end])).toEqual({ positions: [7], searched: 10, total: 20, next: 8, end: expected });
});
