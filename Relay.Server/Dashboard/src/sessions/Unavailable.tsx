import { useEffect, useState } from 'preact/hooks';
import type { RelayFailure } from '../api/failure';
import { TokenDialog } from '../ui/TokenDialog';

/** In the place of the list when the relay does not show it. */
export function Unavailable({ failure, onRetry }: { failure: RelayFailure; onRetry: () => void }) {
  const [isAsking, ask] = useState(failure.isAboutAccess);
  useEffect(() => ask(failure.isAboutAccess), [failure]);
  return (
    <div class="notice">
      <h2>The list of sessions is not shown to you</h2>
      <blockquote class="relay-says">{failure.message || failure.code}</blockquote>
      {failure.isAboutAccess && <p>It takes an admin key. With the read token of a session you can open that session’s page: its address is the relay’s, then s/ and the id.</p>}
      <p class="buttons">
        {failure.isAboutAccess && (
          <button type="button" class="button primary" onClick={() => ask(true)}>
            Enter a key
          </button>
        )}
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      </p>
      {isAsking && (
        <TokenDialog
          session={null}
          failure={failure}
          onClose={() => ask(false)}
          onToken={() => {
            ask(false);
            onRetry();
          }}
        />
      )}
    </div>
  );
}
