const TAB = 8;

const TAKES_NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

// Unicode Standard Annex 11 (East Asian Width W and F), in whole blocks, and the blocks that have emoji.
const IS_WIDE =
  /[\u1100-\u115f\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** How many columns a safe text takes where each character takes what a terminal gives it; the wider guess where terminals differ. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) {
    return text.length;
  }
  let columns = 0;
  for (const character of text) {
    columns += character === '\t' ? TAB - (columns % TAB) : TAKES_NONE.test(character) ? 0 : IS_WIDE.test(character) ? 2 : 1;
  }
  return columns;
}
