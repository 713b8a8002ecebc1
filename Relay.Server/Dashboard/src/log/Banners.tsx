import type { OutputStatus, SessionStatus } from '../api/contract';
import { bytes, count } from '../ui/format';
import type { LogState } from './controller';

type Tone = 'good' | 'bad' | 'warn' | 'plain';

/** What is to be known of the log as a whole: how it ended, and whether it is all there. */
export function Banners({ state }: { state: LogState }) {
  const told = [absence(state), problem(state), replacement(state), expectation(state), divergence(state), ending(state), ...presence(state)].filter((banner) => banner !== null);
  return (
    <div class="banners" aria-live="polite">
      {told.map(({ tone, text, isOver }) => (
        <p key={text} class={`banner is-${tone}`}>
          {text}
          {isOver && (
            <button type="button" class="button small" onClick={() => location.reload()}>
              Show the new one
            </button>
          )}
        </p>
      ))}
    </div>
  );
}

interface Banner {
  tone: Tone;
  text: string;
  /** There is another session to look at. */
  isOver?: boolean;
}

/** The relay's code for a session of the same id that is another one. */
export const REPLACED = 'session_replaced';

const replacement = ({ isReplaced, link }: LogState): Banner | null =>
  isReplaced || (link.kind === 'refused' && link.failure.code === REPLACED) ? { tone: 'plain', text: 'There is a new session of the same id.', isOver: true } : null;

function absence({ link }: LogState): Banner | null {
  return link.kind === 'waiting' ? { tone: 'plain', text: 'There is no such session yet. Its log begins here as soon as there is one.' } : null;
}

const problem = ({ problem }: LogState): Banner | null => (problem === null ? null : { tone: 'warn', text: problem });

function expectation({ selection, lines, hasBegun, view }: LogState): Banner | null {
  return hasBegun && view === 'both' && selection && selection.from >= lines + 1 ? { tone: 'plain', text: `There is no line ${count(selection.from + 1)} yet.` } : null;
}

function divergence({ diverged }: LogState): Banner | null {
  if (!diverged) return null;
  const places = diverged.map(({ output, bytes: kept }) => `byte ${kept} of ${output === 1 ? 'stdout' : 'stderr'}`).join(' and ');
  return { tone: 'warn', text: `The relay crashed, and what was shown here behind ${places} did not survive. A writer that is alive sends it again.` };
}

function ending({ end, status }: LogState): Banner | null {
  switch (end?.reason) {
    case 'completed':
      return completion(end.exitCode, status);
    case 'writer_closed':
      return { tone: 'plain', text: 'The writer left without saying how the job ended. Should one come back, the log goes on here.' };
    case 'deleted':
      return { tone: 'warn', text: 'The session was deleted. What is shown is what this page had read.' };
    case 'expired':
      return { tone: 'warn', text: 'The session’s time to live is over. What is shown is what this page had read.' };
    default:
      return null;
  }
}

function completion(exitCode: number | null, status: SessionStatus | null): Banner {
  const job = exitCode === null ? 'The job ended' : `The job ended with exit code ${exitCode}`;
  if (!status) return { tone: exitCode ? 'bad' : 'good', text: `${job}.` };
  const outputs = [
    ['stdout', status.stdout],
    ['stderr', status.stderr],
  ] as const;
  const wrong = outputs.filter(([, { verdict }]) => verdict === 'incomplete' || verdict === 'mismatch');
  if (wrong.length > 0) {
    return {
      tone: 'bad',
      text: `${job}. ${wrong.map(([name, { verdict }]) => (verdict === 'incomplete' ? `${name} is incomplete: bytes were lost before they reached the relay.` : `${name} is not what the writer says it wrote.`)).join(' ')}`,
    };
  }
  const verified = outputs.filter(([, output]) => output.verdict === 'verified').map(proof);
  const text = verified.length > 0 ? `${job}. Complete: ${verified.join(', ')}.` : `${job}. The writer sent no checksum to prove that all of it is here.`;
  return { tone: exitCode ? 'bad' : 'good', text };
}

const proof = ([name, { bytes: length, crc32C }]: readonly [string, OutputStatus]): string => `${name} ${bytes(length)}, CRC-32C ${crc32C.toString(16).padStart(8, '0')}`;

function presence({ end, status }: LogState): Banner[] {
  if (end || !status) return [];
  const outputs = [status.stdout, status.stderr];
  if (outputs.some((output) => output.writer !== null)) return [];
  if (outputs.some((output) => output.isWriterLost)) return [{ tone: 'warn', text: 'The writer vanished without a word. It may come back and go on where it was.' }];
  return outputs.every((output) => output.state === 'waiting') && status.state === 'live' ? [{ tone: 'plain', text: 'Nothing was written yet. The log begins here as soon as a writer comes.' }] : [];
}
