const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decodes without loss: a byte XX that is not part of valid UTF-8 becomes the lone surrogate U+DCXX, which valid UTF-8 never decodes to
 * (Python's `surrogateescape`, PEP 383).
 */
export function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeInvalid(bytes);
  }
}

/** How many bytes at the end begin a sequence that is not whole: 0–3. */
export function unfinishedAtEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (!isContinuation(byte)) {
      return sequenceLength(byte) > back ? back : 0;
    }
  }
  return 0;
}

/** How many bytes at the beginning end a sequence that began before: 0–3. */
export function continuationsAtStart(bytes: Uint8Array): number {
  let count = 0;
  while (count < Math.min(3, bytes.length) && isContinuation(bytes[count]!)) {
    count++;
  }
  return count;
}

function decodeInvalid(bytes: Uint8Array): string {
  let text = '';
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (from < at) {
      text += decoder.decode(bytes.subarray(from, at));
    }
    text += String.fromCharCode(0xdc00 + bytes[at]!);
    from = ++at;
  }
  return text + decoder.decode(bytes.subarray(from));
}

/** The length of the well-formed sequence at a place (Unicode Standard, table 3-7); 0 when there is none. */
function lengthAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = sequenceLength(lead);
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80; // Below: overlong.
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf; // Above: surrogates, and what is beyond U+10FFFF.
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i] ?? 0;
    if (i === 1 ? byte < low || byte > high : !isContinuation(byte)) {
      return 0;
    }
  }
  return length;
}

/** By the first byte; 0 when no sequence begins so. */
function sequenceLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
