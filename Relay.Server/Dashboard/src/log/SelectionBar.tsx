import { useState } from 'preact/hooks';
import { CopyButton } from '../ui/CopyButton';
import { count } from '../ui/format';
import type { LogController } from './controller';
import { hashOf, type Range } from './permalink';

/** What can be done with the lines that are pointed at. */
export function SelectionBar({ range, log }: { range: Range; log: LogController }) {
  const [text, keep] = useState<{ of: Range; text: string } | null>(null);
  const isThere = text?.of === range;
  return (
    <div class="selection" role="group" aria-label="Lines that are pointed at">
      <span>{range.from === range.to ? `Line ${count(range.from + 1)}` : `Lines ${count(range.from + 1)}–${count(range.to + 1)}`}</span>
      <CopyButton label="Copy link" text={() => location.href.split('#')[0] + hashOf(range)} />
      {isThere ? (
        <CopyButton label="Copy text" text={text.text} />
      ) : (
        <button type="button" class="button small" onClick={() => void log.textOf(range).then((found) => keep({ of: range, text: found }))}>
          Fetch text
        </button>
      )}
      <button type="button" class="button small" onClick={() => log.select(null)}>
        Clear
      </button>
    </div>
  );
}
