import { expect, it } from 'vitest';
import { STDERR, STDOUT } from '../../src/api/contract';
import { downloadOf } from '../../src/api/download';

it.each([
  [STDOUT, false, 'logs/nightly%20run/read/stdout', 'nightly run.stdout.log'],
  [STDERR, false, 'logs/nightly%20run/read/stderr', 'nightly run.stderr.log'],
  [STDERR, true, 'logs/nightly%20run/text?output=stderr&times=true', 'nightly run.stderr.times.log'],
  ['both', false, 'logs/nightly%20run/text', 'nightly run.log'],
  ['both', true, 'logs/nightly%20run/text?times=true', 'nightly run.times.log'],
] as const)('of %s, with times: %s, is at %s', (output, withTimes, path, name) => {
  expect(downloadOf('nightly run', output, withTimes)).toEqual({ path, name });
});
