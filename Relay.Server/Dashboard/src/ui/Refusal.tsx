import { useState } from 'preact/hooks';
import type { RelayFailure } from '../api/failure';
import { TokenDialog } from './TokenDialog';

/** What the relay said no to, in its own words, with a way to give a token where one could help. */
export function Refusal({ failure, session, onToken }: { failure: RelayFailure; session: string | null; onToken: () => void }) {
  const [isAsking, ask] = useState(false);
  return (
    <div class="refusal" role="alert">
      <span>{failure.message || failure.code}</span>
      {failure.isAboutAccess && (
        <button type="button" class="button small" onClick={() => ask(true)}>
          Enter a token
        </button>
      )}
      {isAsking && (
        <TokenDialog
          session={session}
          failure={failure}
          onClose={() => ask(false)}
          onToken={() => {
            ask(false);
            onToken();
          }}
        />
      )}
    </div>
  );
}
