/**
 * Between a scroll bar and a log of any height. Browsers take elements up to some 16 million pixels high; a log of ten million lines has 200. Near both
 * ends a pixel of the bar is a pixel of the log, so that they are reached exactly; what lies between is pressed together.
 */
export interface Scale {
  /** How high the scrolled element is made. */
  height: number;
  /** Distance from the log's top, in pixels of the log, for a position of the bar. */
  toLog(scrollTop: number): number;
  toBar(logTop: number): number;
}

const HIGHEST = 8_000_000;
const EDGE = 400_000;

/** @param log Height of the log if it could be. @param view Height of what is seen of it. */
export function scaleOf(log: number, view: number): Scale {
  const height = Math.max(Math.min(log, HIGHEST), view);
  const [bar, range] = [Math.max(0, height - view), Math.max(0, log - view)];
  if (log <= HIGHEST) return { height, toLog: (top) => clamp(top, range), toBar: (top) => clamp(top, bar) };
  const [barMiddle, logMiddle] = [bar - 2 * EDGE, range - 2 * EDGE];
  return {
    height,
    toLog(top) {
      top = clamp(top, bar);
      if (top <= EDGE) return top;
      return top >= bar - EDGE ? range - (bar - top) : EDGE + ((top - EDGE) / barMiddle) * logMiddle;
    },
    toBar(top) {
      top = clamp(top, range);
      if (top <= EDGE) return top;
      return top >= range - EDGE ? bar - (range - top) : EDGE + ((top - EDGE) / logMiddle) * barMiddle;
    },
  };
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
