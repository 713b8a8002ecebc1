import { useState } from 'preact/hooks';
import type { RelayFailure } from '../api/failure';
import { forgetToken, keepToken } from '../api/tokens';
import { Dialog } from './Dialog';

export interface TokenDialogProps {
  /** Whose token is asked for; null: only an admin key will do. */
  session: string | null;
  failure: RelayFailure;
  /** The token is kept now: try again. */
  onToken: () => void;
  onClose: () => void;
}

/** Asks for a token when the relay wants one, in the relay's own words. */
export function TokenDialog({ session, failure, onToken, onClose }: TokenDialogProps) {
  const [token, setToken] = useState('');
  const [isKey, setIsKey] = useState(session === null);
  const keep = (event: Event) => {
    event.preventDefault();
    const value = token.trim();
    if (!value) return;
    if (isKey && session !== null) forgetToken(session); // It would go before the key.
    keepToken(isKey ? null : session, value);
    onToken();
  };
  return (
    <Dialog title={failure.code === 'forbidden' ? 'This token does not allow it' : 'The relay asks for a token'} onClose={onClose} class="narrow">
      <form onSubmit={keep}>
        <blockquote class="relay-says">{failure.message || failure.code}</blockquote>
        <p class="hint">
          {session === null
            ? 'The list of sessions is shown to whoever has an admin key of the relay. To see one log its read token is enough: open the page of its session.'
            : 'An admin key of the relay, or the read token that was shown when the session was created.'}
        </p>
        <label class="field">
          <span>{isKey ? 'Admin key' : 'Token'}</span>
          <input data-autofocus type="password" autocomplete="off" spellcheck={false} value={token} onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        {session !== null && (
          <label class="switch">
            <input type="checkbox" checked={isKey} onChange={(event) => setIsKey(event.currentTarget.checked)} />
            It is an admin key: use it on all pages of this tab
          </label>
        )}
        <p class="hint">It is kept in this tab, until the tab is closed.</p>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Not now
          </button>
          <button type="submit" class="button primary" disabled={!token.trim()}>
            Go on
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
