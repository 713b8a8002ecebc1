import { useEffect, useState } from 'preact/hooks';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Calls once a second; all callers share one timer. Answers how to end it. */
export function everySecond(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => [...listeners].forEach((call) => call()), 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** A value that depends on the time: computed anew each second, drawn anew only when it is another one. */
export function useTicking<T extends string | number | null>(compute: (now: number) => T, inputs: readonly unknown[]): T {
  const [, draw] = useState<T>(() => compute(Date.now()));
  useEffect(() => everySecond(() => draw(compute(Date.now()))), [...inputs]);
  return compute(Date.now());
}
