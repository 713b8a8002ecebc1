const LONGEST = 256 * 1024;

/** Deep nesting makes of little text much indentation. */
const LONGEST_PRETTY = 8 * LONGEST;

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g;

/**
 * Indents a line that is one JSON object or array (RFC 8259), by two blanks. All else stays as it is written: the order of keys, the digits
 * of numbers, the escapes of strings.
 * @returns null when it is not JSON, or longer than 256 KiB.
 */
export function prettyJson(text: string): string | null {
  if (text.length > LONGEST || !/^\s*[{[]/.test(text) || !isJson(text)) {
    return null;
  }
  let pretty = '';
  let depth = 0;
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']';
    const opened = last === '{' || last === '[';
    depth -= closes ? 1 : 0;
    if (last === ':') {
      pretty += ' ';
    } else if (last === ',' || opened !== closes) {
      pretty += '\n' + '  '.repeat(depth);
    }
    depth += token === '{' || token === '[' ? 1 : 0;
    pretty += token;
    last = token;
    if (pretty.length > LONGEST_PRETTY) {
      return null;
    }
  }
  return pretty;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
