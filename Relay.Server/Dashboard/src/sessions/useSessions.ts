import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { sessionsRequest, toSessionsBatch } from '../api/contract';
import { RelayFailure } from '../api/failure';
import { Link, type LinkState } from '../api/link';
import { itemsOf } from '../api/stream';
import { everySecond } from '../ui/ticking';
import { SessionList, type Row } from './list';

/** Changes are shown together, so that a busy relay does not draw the list a hundred times a second. */
const DRAW_EVERY = 200;

export interface Sessions {
  rows: readonly Row[];
  isLoaded: boolean;
  link: LinkState;
  retry: () => void;
  dismiss: (id: string) => void;
}

/** The sessions of the relay, followed as long as the component stands. */
export function useSessions(): Sessions {
  const list = useMemo(() => new SessionList(), []);
  const [rows, show] = useState(list.rows);
  const [state, setState] = useState<LinkState>({ kind: 'connecting' });
  const link = useRef<Link | null>(null);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        show(list.rows);
      }, DRAW_EVERY);
    };
    link.current = new Link(
      null,
      async (hub, _, accepted) => {
        list.restart();
        for await (const batch of itemsOf(hub.stream('Sessions', sessionsRequest()), toSessionsBatch)) {
          accepted();
          const isFirst = !list.isLoaded;
          list.apply(batch, Date.now());
          if (isFirst && list.isLoaded) show(list.rows);
          else draw();
        }
        throw new RelayFailure('connection_lost', 'The relay ended the list.');
      },
      setState,
    );
    const stopSampling = everySecond(() => list.sample(Date.now()));
    return () => {
      clearTimeout(timer);
      stopSampling();
      link.current?.stop();
    };
  }, []);

  const actions = useMemo(
    () => ({
      retry: () => link.current?.again(),
      dismiss: (id: string) => {
        list.dismiss(id);
        show(list.rows);
      },
    }),
    [],
  );
  return { rows, isLoaded: list.isLoaded, link: state, ...actions };
}
