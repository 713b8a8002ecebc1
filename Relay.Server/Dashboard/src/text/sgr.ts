/** Of the 256-colour palette, or `#rrggbb`. */
export type Colour = number | string;

/** How a span looks. Equal styles are the same object; no style at all is null. */
export interface Style {
  readonly fg?: Colour;
  readonly bg?: Colour;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly inverse?: true;
  readonly strike?: true;
  /** The text names what the job wrote: a control character, a byte that is no text. */
  readonly isEscape?: true;
}

type Draft = { -readonly [K in keyof Style]: Style[K] };

/** A sequence of at most 128 bytes, as the terminal client has it. */
const LONGEST_PARAMETERS = 128 - '\x1b[m'.length;

/** Past so many styles new ones go without colours, so that a log of all 16 million colours costs no more than others. */
export const MAX_STYLES = 4096;

const KEYS = ['bold', 'dim', 'italic', 'fg', 'bg', 'underline', 'inverse', 'strike', 'isEscape'] as const;

const ON: Record<number, 'bold' | 'dim' | 'italic' | 'underline' | 'inverse' | 'strike'> = {
  1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse', 9: 'strike', 21: 'underline',
};

const OFF: Record<number, readonly (keyof Style)[]> = {
  22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 29: ['strike'], 39: ['fg'], 49: ['bg'],
};

const styles = new Map<string, Style>();

/**
 * Select Graphic Rendition (ECMA-48, 8.3.117; its colours: ITU-T T.416, 13.1.8, and xterm's `38;5;N` and `38;2;R;G;B`).
 * @param parameters Between `ESC [` and `m`.
 * @returns The same style when the sequence would hide the text or make it blink: then nothing of it counts.
 */
export function applySgr(style: Style | null, parameters: string): Style | null {
  if (parameters.length > LONGEST_PARAMETERS || !/^[0-9;:]*$/.test(parameters)) {
    return style;
  }
  const draft: Draft = { ...style };
  const fields = parameters.split(';');
  for (let at = 0; at < fields.length; at++) {
    const [code = 0, ...sub] = fields[at]!.split(':').map(Number);
    if (sub.length > 0) {
      applyWithSub(draft, code, sub);
    } else if (code === 38 || code === 48 || code === 58) {
      const mode = Number(fields[at + 1]);
      const numbers = mode === 5 ? 1 : 3;
      setColour(draft, code, colourOf(mode, fields.slice(at + 2, at + 2 + numbers).map(Number)));
      at += 1 + numbers;
    } else if (code === 5 || code === 6 || code === 8) {
      return style;
    } else {
      apply(draft, code);
    }
  }
  return intern(draft);
}

/** The style of a name that stands among text of this style. */
export function asEscape(style: Style | null): Style {
  return intern({ ...style, isEscape: true })!;
}

/** `bold fg:1 bg:#ff8800`: the same for equal styles only; empty for none. */
export function describe(style: Style | null): string {
  const words = KEYS.filter((key) => style?.[key] !== undefined);
  return words.map((key) => (key === 'fg' || key === 'bg' ? `${key}:${style![key]}` : key)).join(' ');
}

function apply(draft: Draft, code: number): void {
  const on = ON[code];
  if (code === 0) {
    clear(draft, KEYS);
  } else if (on) {
    draft[on] = true;
  } else if (code >= 30 && code <= 37) {
    draft.fg = code - 30;
  } else if (code >= 40 && code <= 47) {
    draft.bg = code - 40;
  } else if (code >= 90 && code <= 97) {
    draft.fg = code - 90 + 8;
  } else if (code >= 100 && code <= 107) {
    draft.bg = code - 100 + 8;
  } else {
    clear(draft, OFF[code] ?? []);
  }
}

/** `4:3` (kinds of underline), `38:5:N`, `38:2:R:G:B` (as many programs write it), `38:2:space:R:G:B` (as T.416 has it). */
function applyWithSub(draft: Draft, code: number, [mode = 0, ...numbers]: number[]): void {
  if (code === 4) {
    apply(draft, mode === 0 ? 24 : 4);
  } else {
    setColour(draft, code, colourOf(mode, mode === 2 && numbers.length > 3 ? numbers.slice(1, 4) : numbers));
  }
}

function setColour(draft: Draft, code: number, colour: Colour | null): void {
  if (colour !== null && (code === 38 || code === 48)) {
    draft[code === 38 ? 'fg' : 'bg'] = colour; // 58 is the colour of the underline, which we do not have.
  }
}

function colourOf(mode: number, numbers: number[]): Colour | null {
  if (!numbers.every((number) => number <= 255)) {
    return null;
  }
  if (mode === 5 && numbers.length === 1) {
    return numbers[0]!;
  }
  return mode === 2 && numbers.length === 3 ? '#' + numbers.map((number) => number.toString(16).padStart(2, '0')).join('') : null;
}

function clear(draft: Draft, keys: readonly (keyof Style)[]): void {
  for (const key of keys) {
    delete draft[key];
  }
}

function intern(draft: Draft): Style | null {
  const name = describe(draft);
  const known = styles.get(name);
  if (known || name === '') {
    return known ?? null;
  }
  if (styles.size >= MAX_STYLES && (draft.fg ?? draft.bg) !== undefined) {
    const { fg, bg, ...uncoloured } = draft;
    return intern(uncoloured);
  }
  const style = Object.freeze({ ...draft });
  styles.set(name, style);
  return style;
}
