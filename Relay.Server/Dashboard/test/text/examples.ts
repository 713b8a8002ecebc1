import shared from '../../../../Relay.Tests/Lines/examples.json';

// Relay.Tests/Lines/examples.json is shared with the .NET tests: what the browser and `relay tail` both make of a job's bytes.
//
//   name      says what it is about
//   chunks    the records of one output, joined they are its bytes: UTF-8 of the text, where \xNN is one raw byte
//   lines     what they become:
//     text      visible text (of the last state, carriage returns considered)
//     ansi      where sequences of colour pass, the text with them
//     spans     there, the text by style; a style is the attributes in the order of `describe`, none is empty
//     ends      whether a newline ended it; true if not there
//     redraws   how many times text overwrote text; 0 if not there
//   folds     the stack traces among the lines, on a page: index of the first, of the one that says most, and of the last line; none if not there
//
// In chunks, and in the list that a text or ansi may be, { "repeat": n, "of": "x" } stands for n times "x"; it may also be the whole text.

type Part = string | { repeat: number; of: string };
type Text = Part | Part[];

export interface Example {
  name: string;
  chunks: Part[];
  lines: { text: Text; ansi?: Text; spans?: [text: string, style: string][]; ends?: boolean; redraws?: number }[];
  folds?: [from: number, summary: number, to: number][];
}

export const examples = shared as unknown as Example[];

export function textOf(text: Text): string {
  return (Array.isArray(text) ? text : [text]).map((part) => (typeof part === 'string' ? part : part.of.repeat(part.repeat))).join('');
}

/** UTF-8, where \xNN is one raw byte. */
export function bytesOf(text: Text): Uint8Array {
  const encoder = new TextEncoder();
  const parts = textOf(text).split(/\\x([0-9A-F]{2})/);
  return Uint8Array.from(parts.flatMap((part, i) => (i % 2 === 0 ? [...encoder.encode(part)] : [parseInt(part, 16)])));
}
