import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Shell } from './Shell';

interface LaterProps<P> {
  load: () => Promise<ComponentType<P>>;
  props: P;
  title: string;
}

/** A page whose code comes when it is wanted. */
export function Later<P extends object>({ load, props, title }: LaterProps<P>) {
  const [Page, show] = useState<ComponentType<P> | null>(null);
  const [error, fail] = useState(false);
  useEffect(() => {
    load().then(
      (page) => show(() => page),
      () => fail(true),
    );
  }, [load]);
  if (Page) return <Page {...props} />;
  return (
    <Shell title={title} heading={title}>
      {error && (
        <div class="notice">
          <h2>This page could not be loaded</h2>
          <p>The relay does not answer, or it has been updated since this page was opened.</p>
          <p>
            <button type="button" class="button" onClick={() => location.reload()}>
              Load again
            </button>
          </p>
        </div>
      )}
    </Shell>
  );
}
