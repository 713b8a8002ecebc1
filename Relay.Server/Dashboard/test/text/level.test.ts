import { expect, it } from 'vitest';
import shared from '../../../../Relay.Tests/Lines/levels.json';
import { levelOf, type Level } from '../../src/text/level';

// Relay.Tests/Lines/levels.json is shared with the .NET tests: LineLevels.cs finds the same.
const said = shared as { level: Level; lines: string[] }[];

it.each(said.flatMap(({ level, lines }) => lines.map((line) => [level, line] as const)))('%s: %s', (level, line) => {
  expect(levelOf(line)).toBe(level);
});

it('the first level counts', () => {
  expect(levelOf('INFO WARN ERROR')).toBe('info');
});

it.each(['E01310 12:00:00.000000 1 x.go:1] x', '{"@m":"x"}'])('%s only looks like a form that has a level', (line) => {
  expect(levelOf(line)).toBeNull();
});
