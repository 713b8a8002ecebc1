import type { IStreamResult } from '@microsoft/signalr';

/**
 * The items of a hub stream, one after the other. SignalR keeps what it receives until somebody takes it, without bound: where more could come than a page
 * can hold, the server must be asked piece by piece (`ReadPaced`).
 * @param signal Ends it at once.
 * @throws What the stream ended with, or that the connection was closed.
 */
export async function* itemsOf<T>(result: IStreamResult<unknown>, map: (item: unknown) => T, signal?: AbortSignal): AsyncGenerator<T> {
  const waiting: unknown[] = [];
  let end: { error?: unknown } | null = null;
  let wake = () => {};
  const finish = (error?: unknown) => {
    end ??= { error };
    wake();
  };
  const subscription = result.subscribe({
    next: (item) => {
      waiting.push(item);
      wake();
    },
    error: finish,
    complete: () => finish(),
  });
  const abort = () => {
    waiting.length = 0;
    subscription.dispose();
    finish(signal!.reason);
  };
  signal?.addEventListener('abort', abort);
  try {
    while (true) {
      if (waiting.length > 0) yield map(waiting.shift());
      else if (end) {
        const { error } = end as { error?: unknown };
        if (error) throw error;
        return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    if (!end) subscription.dispose();
  }
}
