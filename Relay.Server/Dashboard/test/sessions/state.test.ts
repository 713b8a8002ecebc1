import { describe, expect, it } from 'vitest';
import { spanOf, stateOf, warningOf, writersOf } from '../../src/sessions/state';
import { output, session } from './make';

const open = output({ state: 'open', writer: 'run-1' });
const closed = output({ state: 'closed' });
const lost = output({ state: 'closed', isWriterLost: true });

describe('a session', () => {
  it.each([
    ['waiting', {}],
    ['live', { stdout: open }],
    ['live', { stderr: open }],
    ['live', { stdout: lost, stderr: open }],
    ['lost', { stdout: lost }],
    ['lost', { stdout: closed, stderr: lost }],
    ['left', { stdout: closed }],
    ['left', { stdout: closed, stderr: closed }],
    ['completed', { state: 'completed' as const, exitCode: 0 }],
    ['completed', { state: 'completed' as const, exitCode: null }],
    ['failed', { state: 'completed' as const, exitCode: 3 }],
    ['failed', { state: 'completed' as const, exitCode: -1 }],
  ])('is %s', (state, part) => expect(stateOf(session('a', part))).toBe(state));

  it('warns of what its verdicts say, once it has completed', () => {
    const incomplete = output({ state: 'ended', verdict: 'incomplete' });
    const mismatch = output({ state: 'ended', verdict: 'mismatch' });
    expect(warningOf(session('a', { state: 'completed', stdout: incomplete }))).toMatch(/^stdout is incomplete/);
    expect(warningOf(session('a', { state: 'completed', stdout: incomplete, stderr: mismatch }))).toMatch(/stdout is incomplete.*stderr does not match/);
    expect(warningOf(session('a', { state: 'completed', stdout: output({ verdict: 'verified' }), stderr: output({ verdict: 'unchecked' }) }))).toBeNull();
    expect(warningOf(session('a', { stdout: incomplete }))).toBeNull();
  });

  it('names each writer once', () => {
    expect(writersOf(session('a', { stdout: open, stderr: open }))).toEqual(['run-1']);
    expect(writersOf(session('a', { stdout: open, stderr: output({ writer: 'run-2' }) }))).toEqual(['run-1', 'run-2']);
  });

  it('has a duration while it is live and when it has completed', () => {
    expect(spanOf(session('a', { createdAt: 5, stdout: open }), 'live')).toEqual({ from: 5, to: null });
    expect(spanOf(session('a', { createdAt: 5, state: 'completed', completedAt: 9 }), 'completed')).toEqual({ from: 5, to: 9 });
    expect(spanOf(session('a', { stdout: closed }), 'left')).toBeNull();
  });
});
