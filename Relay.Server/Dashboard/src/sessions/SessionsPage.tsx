import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ConnectionBadge } from '../ui/ConnectionBadge';
import { Icon } from '../ui/Icon';
import { Shell } from '../ui/Shell';
import { useShortcuts } from '../ui/shortcuts';
import { useTicking } from '../ui/ticking';
import { CreateDialog } from './CreateDialog';
import { DeleteDialog } from './DeleteDialog';
import { FirstJob } from './FirstJob';
import type { Row } from './list';
import { EVERYTHING, isFiltered, toggled } from './query';
import { SessionTable } from './SessionTable';
import { Toolbar } from './Toolbar';
import { Unavailable } from './Unavailable';
import { useQuery } from './useQuery';
import { useSessions } from './useSessions';
import { viewOf } from './view';
import './sessions.css';

/** All sessions of the relay, live. */
export function SessionsPage({ search }: { search: string }) {
  const { rows, isLoaded, link, retry, dismiss } = useSessions();
  const [query, change] = useQuery(search);
  const [isCreating, create] = useState(false);
  const [doomed, doom] = useState<Row | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const current = useRef(query);
  current.current = query;

  const isMoving = query.sort === 'rate' || query.sort === 'duration';
  const second = useTicking((now) => (isMoving ? Math.floor(now / 1000) : 0), [isMoving]);
  const view = useMemo(() => viewOf(rows, query, Date.now()), [rows, query, second]);
  const filterByLabel = useCallback((label: string) => change({ labels: toggled(current.current.labels, label) }), []);
  const remove = useCallback((row: Row) => (row.state === 'expired' ? dismiss(row.id) : doom(row)), []);

  useShortcuts('Sessions', [
    { keys: ['/'], what: 'search', run: () => field.current?.select() },
    { keys: ['n'], what: 'new session', run: () => create(true) },
  ]);
  useEffect(() => {
    // One that went away by itself needs no question any more.
    if (doomed && !rows.some((row) => row.id === doomed.id && row.state !== 'expired')) doom(null);
  }, [rows]);

  return (
    <Shell
      title="Sessions"
      heading="Sessions"
      actions={
        <>
          <ConnectionBadge state={link} onRetry={retry} />
          <button type="button" class="button primary" aria-label="New session" title="New session (n)" onClick={() => create(true)}>
            <Icon name="plus" />
            <span class="wide-only">New session</span>
          </button>
        </>
      }
    >
      {link.kind === 'refused' ? (
        <Unavailable failure={link.failure} onRetry={retry} />
      ) : rows.length > 0 ? (
        <>
          <Toolbar field={field} query={query} counts={view.counts} shown={view.rows.length} total={rows.length} onChange={change} onLabel={filterByLabel} />
          {view.rows.length > 0 ? (
            <SessionTable rows={view.rows} query={query} onSort={change} onLabel={filterByLabel} onRemove={remove} />
          ) : (
            <div class="notice">
              <p>{isFiltered(query) ? 'No session is like this.' : 'No session.'}</p>
              <p>
                <button type="button" class="button" onClick={() => change({ ...EVERYTHING, sort: query.sort, isDescending: query.isDescending })}>
                  Show all {rows.length}
                </button>
              </p>
            </div>
          )}
        </>
      ) : isLoaded ? (
        <FirstJob />
      ) : (
        <div class="notice is-late">
          {link.kind === 'reconnecting' ? (
            <>
              <h2>The relay cannot be reached</h2>
              <blockquote class="relay-says">{link.failure.message}</blockquote>
              <p>This page goes on trying.</p>
            </>
          ) : (
            <p>Loading the sessions…</p>
          )}
        </div>
      )}
      {isCreating && <CreateDialog onClose={() => create(false)} onToken={retry} />}
      {doomed && <DeleteDialog row={doomed} onClose={() => doom(null)} onToken={retry} />}
    </Shell>
  );
}
