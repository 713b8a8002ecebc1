import { useState } from 'preact/hooks';
import { STAMPS, type Stamps } from './stamps';

/** How a person wants logs to look; kept for all logs, in this browser. */
export interface Settings {
  stamps: Stamps;
  wrap: boolean;
  numbers: boolean;
  /** Stack traces are folded to their first line and the one that says most. */
  folds: boolean;
}

const KEY = 'relay.log';
const FIRST: Settings = { stamps: 'off', wrap: false, numbers: true, folds: true };

function kept(): Settings {
  try {
    const { stamps, wrap, numbers, folds } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>;
    return {
      stamps: stamps && STAMPS.includes(stamps) ? stamps : FIRST.stamps,
      wrap: typeof wrap === 'boolean' ? wrap : FIRST.wrap,
      numbers: typeof numbers === 'boolean' ? numbers : FIRST.numbers,
      folds: typeof folds === 'boolean' ? folds : FIRST.folds,
    };
  } catch {
    return FIRST;
  }
}

export function useSettings(): [Settings, (change: Partial<Settings>) => void] {
  const [settings, set] = useState(kept);
  const change = (part: Partial<Settings>) => {
    const next = { ...settings, ...part };
    set(next);
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Without storage it lasts as long as the page.
    }
  };
  return [settings, change];
}
