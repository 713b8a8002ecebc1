import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { CopyButton } from '../ui/CopyButton';
import { count } from '../ui/format';
import type { LogController } from './controller';
import { hashOf, type Range } from './permalink';

/** What can be done with the lines that are pointed at. */
export function SelectionBar({ range, log, onClose }: { range: Range; log: LogController; onClose: () => void }) {
  const bar = useRef<HTMLDivElement>(null);
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
  useLayoutEffect(() => {
    if (isThere) bar.current!.querySelector<HTMLElement>('.has-text button')?.focus(); // In the place of the one that was pressed.
  }, [isThere]);
  return (
    <div ref={bar} class="selection" role="group" aria-label="Lines that are pointed at">
      <span>{range.from === range.to ? `Line ${count(range.from + 1)}` : `Lines ${count(range.from + 1)}–${count(range.to + 1)}`}</span>
      <CopyButton label="Copy link" text={() => location.href.split('#')[0] + hashOf(range)} />
      {isThere ? (
        <span class="has-text">
          <CopyButton label="Copy text" text={text.text} />
        </span>
      ) : (
        <button type="button" class="button small" onClick={() => void fetchText()}>
          Fetch text
        </button>
      )}
      {problem && <span role="alert">{problem}</span>}
      <button type="button" class="button small" onClick={() => { log.select(null); onClose(); }}>
        Clear
      </button>
    </div>
  );
}
