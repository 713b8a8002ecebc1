import { nameOf, STDERR, type Gap, type Line } from '../api/contract';
import { prettyJson } from '../text/json';
import { levelOf } from '../text/level';
import { lastState, render } from '../text/terminal';
import { unfinishedAtEnd } from '../text/utf8';
import { bytes, count } from '../ui/format';
import type { ExpandedLines } from './expanded';
import type { Fold } from './folds';
import { marked, type MarkedSpan } from './marked';
import { paint } from './palette';
import { stampOf, type Stamps } from './stamps';
import type { RowContent } from './viewport';

/** A line longer than this is cut; all of it is shown when somebody asks. */
const SHOWN_BYTES = 4096;

export interface RowLook {
  stamps: Stamps;
  numbers: boolean;
  /** When the log begins, for relative times. */
  beganMicros: number;
  isSelected(number: number): boolean;
  /** Whether it has the number that it will keep. */
  isSettled(line: Line): boolean;
  /** Places in a line that are looked for. */
  mark: RegExp | null;
  isMatch(line: Line): boolean;
  /** Whether it is the match that the page went to. */
  isFound(line: Line): boolean;
  /** Lines that somebody asked for more of. */
  expanded: ExpandedLines;
}

const REASONS = {
  trimmed: 'were removed to make room (retention)',
  corrupt: 'were damaged on the disk of the relay',
  lost_by_writer: 'were lost by the writer before they reached the relay',
};

/** A line as it stands in the document. All text of the log goes in as text. */
export function rowOf({ line, isGone, gaps, skipped, fold }: RowContent, look: RowLook): HTMLElement {
  const row = make('div', 'row');
  if (skipped > 0) row.append(skippedOf(skipped));
  for (const gap of gaps) row.append(...gapOf(gap));
  row.append(line ? lineOf(line, fold, look) : make('div', isGone ? 'line is-gone' : 'line is-coming'));
  return row;
}

function lineOf(line: Line, fold: Fold | null, look: RowLook): HTMLElement {
  const whole = look.expanded.wholeOf(line);
  const shown = whole ? lastState(whole) : beginOf(line.head);
  const left = Math.max(0, stateLengthOf(line) - shown.length);
  const spans = render(shown);
  const element = make('div', 'line');
  if (line.output === STDERR) element.classList.add('is-stderr');
  const text = spans.map((span) => span.text).join('');
  const level = levelOf(text);
  if (level) element.classList.add(`is-${level}`);
  if (look.isSettled(line) && look.isSelected(line.number)) element.classList.add('is-selected');
  element.dataset['number'] = String(line.number);
  const head = make('span', 'head');
  if (look.numbers) head.append(numberOf(line, look));
  if (look.stamps !== 'off') head.append(stampElement(line, look));
  head.append(markOf(line, level));
  if (look.isMatch(line)) element.classList.add('is-match');
  if (look.isFound(line)) element.classList.add('is-found');
  const pretty = left === 0 ? prettyJson(text) : null;
  const shownSpans = pretty !== null && look.expanded.isSetOut(line) ? [{ text: pretty, style: null }] : spans;
  element.append(head);
  if (fold) element.append(foldOf(fold));
  if (pretty !== null) element.append(jsonOf(line, shownSpans !== spans));
  element.append(textOf(look.mark ? marked(shownSpans, look.mark) : shownSpans));
  if (line.redraws > 0) element.append(note(`redrawn ${count(line.redraws)}×`, 'A carriage return began this line anew, as a progress bar does. Its last state is shown.'));
  if (left > 0) element.append(whole ? note(`… ${bytes(left)} more`, 'A page shows no more than 1 MiB of a line. A saved log has all of it.') : moreOf(line, left));
  return element;
}

/** In bytes: of what carriage returns leave of it. */
const stateLengthOf = ({ head, omitted, tail }: Line): number => head.length + omitted + tail.length;

/** Not more of a line than is shown of it, and no part of a character. */
function beginOf(head: Uint8Array): Uint8Array {
  if (head.length <= SHOWN_BYTES) return head;
  const begin = head.subarray(0, SHOWN_BYTES);
  return begin.subarray(0, SHOWN_BYTES - unfinishedAtEnd(begin));
}

function numberOf(line: Line, look: RowLook): HTMLElement {
  const link = make('a', 'number');
  if (!look.isSettled(line)) return link; // It gets its number when it ends: the other output's may end before.
  link.textContent = count(line.number + 1);
  link.dataset['link'] = String(line.number);
  link.setAttribute('href', `#L${line.number + 1}`);
  link.setAttribute('aria-label', `Line ${link.textContent}`);
  link.tabIndex = -1; // There are thousands: the log is one stop, and the keys go through it.
  return link;
}

function stampElement(line: Line, look: RowLook): HTMLElement {
  const { text, title } = stampOf(line.timeMicros, look.stamps, look.beganMicros);
  const stamp = make('time', 'stamp');
  stamp.textContent = text;
  stamp.title = title;
  return stamp;
}

function markOf(line: Line, level: string | null): HTMLElement {
  const mark = make('span', 'mark');
  mark.title = [nameOf(line.output), level].filter(Boolean).join(', ');
  if (line.output === STDERR) {
    const name = make('span', 'unseen');
    name.textContent = 'stderr: ';
    mark.append(name);
  }
  return mark;
}

function textOf(spans: readonly MarkedSpan[]): HTMLElement {
  const text = make('span', 'text');
  for (const { text: part, style, isMarked } of spans) {
    if (style || isMarked) {
      const span = document.createElement(isMarked ? 'mark' : 'span');
      span.textContent = part;
      if (style) paint(span, style);
      text.append(span);
    } else text.append(part);
  }
  return text;
}

function moreOf(line: Line, left: number): HTMLElement {
  const more = make('button', 'more') as HTMLButtonElement;
  more.type = 'button';
  more.dataset['whole'] = `${line.output}:${line.offset}:${line.length}:${stateLengthOf(line)}`;
  more.textContent = `… ${bytes(left)} more: show all`;
  return more;
}

/** Sets JSON out, or puts it into one line again. */
function jsonOf(line: Line, isSetOut: boolean): HTMLElement {
  const button = make('button', 'more is-before') as HTMLButtonElement;
  button.type = 'button';
  button.dataset['json'] = `${line.output}:${line.offset}`;
  button.setAttribute('aria-expanded', String(isSetOut));
  button.setAttribute('aria-label', 'JSON, set out');
  button.title = isSetOut ? 'Put the JSON into one line' : 'Set the JSON out';
  button.textContent = '{ }';
  return button;
}

function foldOf({ from, hidden, isOpen }: Fold): HTMLElement {
  const button = make('button', 'more is-before') as HTMLButtonElement;
  button.type = 'button';
  button.dataset['fold'] = String(from);
  button.setAttribute('aria-expanded', String(isOpen));
  button.setAttribute('aria-label', `Stack trace, ${count(hidden)} more lines`);
  button.title = isOpen ? 'Fold the stack trace' : `Show ${count(hidden)} more lines of the stack trace`;
  button.textContent = `${isOpen ? '▾' : '▸'} ${count(hidden)}`;
  return button;
}

/** What a filter leaves out before a row. */
function skippedOf(lines: number): HTMLElement {
  const notice = make('div', 'skipped');
  notice.textContent = `${count(lines)} ${lines === 1 ? 'line' : 'lines'}`;
  return notice;
}

function gapOf(gap: Gap): HTMLElement[] {
  const notice = make('div', 'gap');
  notice.textContent = `${bytes(gap.length)} of ${nameOf(gap.output)} are missing here (bytes ${count(gap.offset)}–${count(gap.offset + gap.length - 1)}): they ${REASONS[gap.reason]}.`;
  if (!gap.broken) return [notice];
  const broken = make('div', 'line is-broken');
  broken.append(make('span', 'head'), textOf(render(gap.broken.head)));
  return [broken, notice];
}

function note(text: string, title: string): HTMLElement {
  const element = make('span', 'remark');
  element.textContent = text;
  element.title = title;
  return element;
}

function make(tag: string, name: string): HTMLElement {
  const element = document.createElement(tag);
  element.className = name;
  return element;
}
