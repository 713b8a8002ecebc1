import { useState } from 'preact/hooks';
import { CopyButton } from '../ui/CopyButton';
import { count } from '../ui/format';
import type { LogController } from './controller';
import { hashOf, type Range } from './permalink';

/** What can be done with the lines that are pointed at. */
export function SelectionBar({ range, log }: { range: Range; log: LogController }) {
  const [text, keep] = useState<{ of: Range; text: string } | null>(null);
  const [problem, tell] = useState('');
  const isThere = text?.of === range;
  const fetchText = () =>
    log.textOf(range).then(
      (found) => {
        keep({ of: range, text: found });
        tell('');
      },
      (failure: Error) => tell(failure.message),
    );
  return (
    <div class="selection" role="group" aria-label="Lines that are pointed at">
      <span>{range.from === range.to ? `Line ${count(range.from + 1)}` : `Lines ${count(range.from + 1)}–${count(range.to + 1)}`}</span>
      <CopyButton label="Copy link" text={() => location.href.split('#')[0] + hashOf(range)} />
      {isThere ? (
        <CopyButton label="Copy text" text={text.text} />
      ) : (
        <button type="button" class="button small" onClick={() => void fetchText()}>
          Fetch text
        </button>
      )}
      {problem && <span role="alert">{problem}</span>}
      <button type="button" class="button small" onClick={() => log.select(null)}>
        Clear
      </button>
    </div>
  );
}
