// The rules of docs/protocol.md, 1 and 2, told before the relay has to.

const MOST_BYTES = 256;
const MOST_LABELS = 32;
const MOST_NAME = 64;
const MOST_VALUE = 256;
// eslint-disable-next-line no-control-regex -- these are what may not stand in an id
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f/\\]/;

/** What is wrong with an id; null if nothing is. */
export function idProblem(id: string): string | null {
  if (id === '') return 'An id is needed.';
  if (id === '.' || id === '..') return `“${id}” cannot be an id.`;
  const forbidden = FORBIDDEN.exec(id)?.[0];
  if (forbidden === '/' || forbidden === '\\') return `An id has no ${forbidden}.`;
  if (forbidden !== undefined) return `An id has no control characters; this has U+${forbidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}.`;
  if (/\p{Surrogate}/u.test(id)) return 'This id has half of a character.';
  const length = new TextEncoder().encode(id).length;
  return length > MOST_BYTES ? `An id has at most ${MOST_BYTES} bytes; this has ${length}.` : null;
}

/** Labels as they are typed, `name=value`, one in a line. */
export function parseLabels(text: string): { labels: Record<string, string>; problem: string | null } {
  const pairs = new Map<string, string>();
  const problem = (what: string) => ({ labels: {}, problem: what });
  for (const line of text.split('\n').map((part) => part.trim())) {
    if (line === '') continue;
    const [, name, value] = /^([^=]*?)\s*=\s*(.*)$/.exec(line) ?? [];
    if (!name || value === undefined) return problem(`“${line}” is not name=value.`);
    if (name.length > MOST_NAME) return problem(`A name has at most ${MOST_NAME} characters; “${name}” has ${name.length}.`);
    if (value.length > MOST_VALUE) return problem(`A value has at most ${MOST_VALUE} characters; that of “${name}” has ${value.length}.`);
    if (pairs.has(name)) return problem(`“${name}” stands there twice.`);
    pairs.set(name, value);
  }
  if (pairs.size > MOST_LABELS) return problem(`At most ${MOST_LABELS} labels; these are ${pairs.size}.`);
  return { labels: Object.fromEntries(pairs), problem: null };
}
