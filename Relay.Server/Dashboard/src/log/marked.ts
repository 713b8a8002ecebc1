import type { Span } from '../text/terminal';

export interface MarkedSpan extends Span {
  isMarked?: boolean;
}

/** Cuts spans where what is looked for begins and ends, also across their borders: a word may have several colours. */
export function marked(spans: readonly Span[], mark: RegExp): MarkedSpan[] {
  const text = spans.map((span) => span.text).join('');
  const places = [...text.matchAll(mark)].map(({ index, 0: found }) => ({ from: index, to: index + found.length }));
  const cut: MarkedSpan[] = [];
  let at = 0;
  let next = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    for (let from = at; from < end; ) {
      while (next < places.length && places[next]!.to <= from) next++;
      const place = places[next];
      const isMarked = place !== undefined && place.from <= from;
      const to = Math.min(end, place === undefined ? end : isMarked ? place.to : place.from);
      cut.push({ text: text.slice(from, to), style: span.style, isMarked });
      from = to;
    }
    at = end;
  }
  return cut;
}
