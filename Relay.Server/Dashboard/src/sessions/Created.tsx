import { pageOf } from '../api/rest';
import { CommandBlock } from '../ui/CommandBlock';
import { CopyButton } from '../ui/CopyButton';
import { readCommands, relayUrl, writeCommands } from './commands';

/** Answer of the relay to the creation of a session. */
export interface Creation {
  session_id: string;
  write_token?: string;
  read_token?: string;
}

/** The tokens of a new session, and what to do with them. */
export function Created({ creation, onClose }: { creation: Creation; onClose: () => void }) {
  const { session_id: id, write_token: write = null, read_token: read = null } = creation;
  const url = relayUrl(document.baseURI);
  return (
    <>
      <p class="session-name">{id}</p>
      {(write ?? read) && <p class="caution">The relay keeps no copy of these tokens. Once this is closed they cannot be shown again.</p>}
      {write && <Token name="Write token" what="for the job: writes this session and completes it" token={write} />}
      {read && <Token name="Read token" what="for whoever follows: reads this log and nothing else" token={read} />}
      <h3>Write to it</h3>
      <CommandBlock text={writeCommands(url, id, write)} />
      <h3>Read it</h3>
      <CommandBlock text={readCommands(url, id, read)} />
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Done
        </button>
        <a data-autofocus class="button primary" href={pageOf(id)}>
          Open the log
        </a>
      </footer>
    </>
  );
}

function Token({ name, what, token }: { name: string; what: string; token: string }) {
  return (
    <div class="new-token">
      <div>
        <strong>{name}</strong> <span class="hint">{what}</span>
      </div>
      <code>{token}</code>
      <CopyButton text={token} />
    </div>
  );
}
