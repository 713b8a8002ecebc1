import { levelOf } from './level';

/** A stack trace among lines. Folded, it shows its first line, how many are hidden, and its summary. */
export interface StackBlock {
  from: number;
  /** The last line of it. */
  to: number;
  /** The line that says most: the deepest cause, the exception a Python traceback ends with; `from` where the head says all. */
  summaryFrom: number;
}

/** Fewer hidden lines than these are not worth folding. */
const FEWEST_HIDDEN = 3;

/** A message may have more lines; of so many, between an exception's name and its frames, a trace still holds together. */
const LONGEST_MESSAGE = 8;

/** `at a.b.C.m(F.java:1)`, `at Ns.Type.Method[T](String s) in F.cs:line 1`, `at async new Foo (/f.js:1:2)`, `at /f.js:1:2`. */
const FRAME = /^\s+at (?:(?:(?:async|new) )*[^\s(]+(?: \[as \S+\])? ?\(.*\)|\S+:\d+:\d+$)/;
const AMONG_FRAMES = /^\s*(?:\.\.\. \d+ (?:more|common frames)|--- End of (?:inner exception )?stack trace|Suppressed: |\[CIRCULAR REFERENCE)/;

/** Of the JVM, of .NET, and of py4j, which puts it in a line behind its own. */
const CAUSE = /^\s*(?:Caused by: |---> )|^: [\w.$]+(?:Exception|Error)\b/;
const EXCEPTION = /(?:^|[\s.$])[\w$]*(?:Exception|Error|Throwable)(?::|$)|^Exception in thread /;

const TRACEBACK = 'Traceback (most recent call last):';
const RAISED = /^[A-Za-z_][\w.]*(?::|$)/;

/** Lines between two parts of one trace: Python's own two, and Spark's. */
const CHAIN = /^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause .*|Driver stacktrace):$/;

/** Whether a line can only be within a trace. */
export const isWithinTrace = (line: string): boolean => FRAME.test(line) || AMONG_FRAMES.test(line) || CAUSE.test(line);

/** The traces among consecutive lines of one output, in order, apart from those too short to fold. */
export function findBlocks(lines: readonly string[]): StackBlock[] {
  const blocks: StackBlock[] = [];
  for (let at = 0, free = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line.endsWith(TRACEBACK) || FRAME.test(line) || CAUSE.test(line)) {
      const block = blockOf(lines, headOf(lines, at, free), at);
      at = block.to;
      free = at + 1;
      if (isWorthFolding(block)) {
        blocks.push(block);
      }
    }
  }
  return blocks;
}

/** The line that a trace begins with: the exception's name, or what else stands above the first frame. */
function headOf(lines: readonly string[], first: number, free: number): number {
  if (lines[first]!.endsWith(TRACEBACK)) {
    return first;
  }
  for (let at = first - 1; at >= Math.max(free, first - LONGEST_MESSAGE); at--) {
    if (EXCEPTION.test(lines[at]!)) {
      return at;
    }
    if (levelOf(lines[at]!)) {
      break; // Another message.
    }
  }
  return first > free && /^\S/.test(lines[first - 1]!) ? first - 1 : first;
}

function blockOf(lines: readonly string[], from: number, first: number): StackBlock {
  const block = { from, to: first, summaryFrom: from };
  let after: 'nothing' | 'frame' | 'cause' | 'traceback' | 'raised' | 'chain' = 'nothing';
  for (let at = first; at < lines.length; at++) {
    const line = lines[at]!;
    if (after === 'traceback') {
      if (RAISED.test(line)) {
        after = 'raised';
        block.summaryFrom = at;
      } else if (!/^\s+\S/.test(line)) {
        break;
      }
    } else if (line.endsWith(TRACEBACK) && (after === 'nothing' || after === 'chain' || CAUSE.test(line))) {
      after = 'traceback';
    } else if (CAUSE.test(line)) {
      after = 'cause';
      block.summaryFrom = at;
    } else if (FRAME.test(line) || AMONG_FRAMES.test(line)) {
      after = 'frame';
    } else if (CHAIN.test(line)) {
      after = 'chain';
    } else if (after === 'cause' ? at - block.to < LONGEST_MESSAGE && !levelOf(line) : line === '' && goesOn(after, lines[at + 1] ?? '')) {
      continue; // Of the trace only if more of it follows.
    } else {
      break;
    }
    block.to = at;
  }
  return block;
}

/** Whether a trace goes on behind a blank line. The JVM's frames do so when the exception's message was a Python traceback. */
function goesOn(after: string, next: string): boolean {
  return CHAIN.test(next) || (after === 'chain' && next.endsWith(TRACEBACK)) || (after === 'raised' && FRAME.test(next));
}

function isWorthFolding({ from, to, summaryFrom }: StackBlock): boolean {
  return to - from + 1 - (summaryFrom > from ? 2 : 1) >= FEWEST_HIDDEN;
}
