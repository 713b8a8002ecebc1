import { applySgr, asEscape, type Style } from './sgr';
import { decode } from './utf8';

/** A run of safe text in one style. */
export interface Span {
  text: string;
  style: Style | null;
}

const ESCAPE = '\x1b';

/** Longer ones are not taken for sequences, so that one that nobody ends does not swallow the log. */
const LONGEST_SEQUENCE_BYTES = 4096;

/**
 * Control sequences as ECMA-48 (5th edition, 5.3–5.6) and ECMA-35 define them.
 *
 *     CSI     ESC [  parameters 0x30–0x3F…  intermediates 0x20–0x2F…  final 0x40–0x7E
 *     string  ESC ] or P X ^ _   text   ESC \   (after ESC ] also BEL, as xterm has it)
 *     other   ESC    intermediates 0x20–0x2F…  final 0x30–0x7E
 */
const SEQUENCE = [
  String.raw`\x1b\[[0-?]*[ -/]*[@-~]`,
  String.raw`\x1b\][^\0-\x1f]*(?:\x07|\x1b\\)`,
  String.raw`\x1b[PX^_][^\0-\x1f]*\x1b\\`,
  String.raw`\x1b(?![\[\]PX^_])[ -\/]*[0-~]`,
].join('|');

/**
 * What is not shown as it is, but by its name: C0 controls but the tab; C1 controls; what changes the direction of text (Unicode Standard
 * Annex 9, 2) and so shows something else than is there; line and paragraph separators; characters without any shape; bytes that are not
 * UTF-8. The joiners U+200C and U+200D stay: scripts and emoji need them.
 */
const NAMED =
  String.raw`[\0-\x08\n-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f` +
  String.raw`\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\udc80-\udcff]`;

const TOKEN = new RegExp(`${SEQUENCE}|${NAMED}`, 'gu');

const HAS_TOKEN = new RegExp(NAMED, 'u');

/**
 * A line as a page may have it: text and colours pass, nothing else does as it is. The same as `relay tail` shows on a terminal.
 * Whole control sequences are left out; lone control characters show as `^X`, treacherous ones as `<U+XXXX>`, bytes that are not UTF-8 as `<XX>`.
 */
export function render(line: Uint8Array): Span[] {
  const spans: Span[] = [];
  let style: Style | null = null;
  const show = (text: string, style: Style | null) => {
    const last = spans.at(-1);
    if (last && last.style === style) {
      last.text += text;
    } else {
      spans.push({ text, style });
    }
  };
  walk(decode(lastState(line)), (text) => show(text, style), (name) => show(name, asEscape(style)), (sequence) => {
    const sgr = /^\x1b\[([0-9;:]*)m$/.exec(sequence);
    style = sgr ? applySgr(style, sgr[1]!) : style;
  });
  return spans;
}

/** The text of what {@link render} shows. */
export function plainText(line: Uint8Array): string {
  let plain = '';
  const append = (text: string) => {
    plain += text;
  };
  walk(decode(lastState(line)), append, append, () => {});
  return plain;
}

/** What carriage returns leave of a line: the text behind the last one that a text follows. Those at the end overwrite nothing. */
export function lastState(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && line[end - 1] === 13) {
    end--;
  }
  return line.subarray(end === 0 ? 0 : line.lastIndexOf(13, end - 1) + 1, end);
}

/** Hands over, in their order, the texts that may be shown, the names of what may not, and the control sequences. */
function walk(text: string, onText: (text: string) => void, onName: (name: string) => void, onSequence: (sequence: string) => void): void {
  let from = 0;
  if (HAS_TOKEN.test(text)) {
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
      if (match.index > from) {
        onText(text.slice(from, match.index));
      }
      const [token] = match;
      if (!token.startsWith(ESCAPE) || token === ESCAPE) {
        onName(nameOf(token));
      } else if (byteLength(token) <= LONGEST_SEQUENCE_BYTES) {
        onSequence(token);
      } else {
        onName(nameOf(ESCAPE));
        TOKEN.lastIndex = match.index + 1;
      }
      from = TOKEN.lastIndex;
    }
  }
  if (from < text.length) {
    onText(text.slice(from));
  }
}

function nameOf(character: string): string {
  const code = character.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) {
    return '^' + String.fromCharCode(code ^ 0x40);
  }
  const hex = code.toString(16).toUpperCase().padStart(4, '0');
  return code >= 0xdc80 && code <= 0xdcff ? `<${hex.slice(2)}>` : `<U+${hex}>`;
}

/** Of what `decode` made: a lone surrogate was one byte. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 || (code >= 0xdc80 && code <= 0xdcff) ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
