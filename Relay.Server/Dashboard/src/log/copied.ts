import { RelayFailure } from '../api/failure';
import type { Line, LinePage } from '../api/contract';
import { plainText } from '../text/terminal';
import { bytes, count } from '../ui/format';
import type { Range } from './permalink';

const MOST_COPIED = 20_000;
const PAGE = 1000;

/**
 * The text of some lines, as it is shown. What is left out is said in it.
 * @param ask Gives a window of the log.
 * @throws {RelayFailure}
 */
export async function copyOf({ from, to }: Range, ask: (first: number, count: number) => Promise<LinePage>): Promise<string> {
  const lines: string[] = [];
  const end = Math.min(to + 1, from + MOST_COPIED);
  for (let first = from; first < end; ) {
    const page = await ask(first, Math.min(PAGE, end - first));
    const whole = page.entries.filter((entry): entry is Line => entry.kind === 'line' && entry.ends && entry.number < end);
    if (whole.length === 0) break;
    lines.push(...whole.map(textOf));
    first = whole.at(-1)!.number + 1;
  }
  if (lines.length === 0) throw new RelayFailure('bytes_missing', 'These lines are not there.');
  const missing = end - from - lines.length;
  if (missing > 0) lines.push(`… ${count(missing)} of these lines are not there.`);
  if (to >= end) lines.push(`… ${count(to + 1 - end)} more lines are not copied: no more than ${count(MOST_COPIED)} are. Save has them all.`);
  return lines.join('\n') + '\n';
}

const textOf = ({ head, tail, omitted }: Line): string => plainText(head) + (omitted + tail.length > 0 ? ` … ${bytes(omitted + tail.length)} more` : '');
