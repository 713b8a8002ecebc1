/** Lines that are pointed at, from 0, both included. */
export interface Range {
  from: number;
  to: number;
}

/** `#L120`, `#L120-L130`; lines count from 1 for people. */
export function rangeOf(hash: string): Range | null {
  const [, from, to] = /^#L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(hash) ?? [];
  if (!from) return null;
  const [one, other] = [Number(from) - 1, Number(to ?? from) - 1];
  return one < 0 || other < 0 ? null : { from: Math.min(one, other), to: Math.max(one, other) };
}

export const hashOf = ({ from, to }: Range): string => (from === to ? `#L${from + 1}` : `#L${from + 1}-L${to + 1}`);
