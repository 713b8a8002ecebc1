import { useState } from 'preact/hooks';
import { RelayFailure } from '../api/failure';
import { call, sessionPath } from '../api/rest';
import { Dialog } from '../ui/Dialog';
import { bytes, count } from '../ui/format';
import { Refusal } from '../ui/Refusal';
import type { Row } from './list';
import { bytesOf, writersOf } from './state';

/** Asks before a session is deleted, and says what goes with it. */
export function DeleteDialog({ row, onClose, onToken }: { row: Row; onClose: () => void; onToken: () => void }) {
  const { id, status } = row;
  const [isBusy, work] = useState(false);
  const [failure, fail] = useState<RelayFailure | null>(null);
  const remove = async (event?: Event) => {
    event?.preventDefault();
    work(true);
    try {
      await call('DELETE', sessionPath(id), null);
      onClose();
    } catch (error) {
      if (!(error instanceof RelayFailure)) throw error;
      fail(error);
      work(false);
    }
  };
  return (
    <Dialog title="Delete this session?" onClose={onClose} class="narrow">
      <form onSubmit={(event) => void remove(event)}>
        <p class="session-name">{id}</p>
        <p>{lossOf(row)} This cannot be undone.</p>
        {writersOf(status).length > 0 && <p>A writer is connected. What it writes from now on is refused.</p>}
        {status.readers > 0 && <p>{status.readers === 1 ? 'One reader is' : `${count(status.readers)} readers are`} told that the session was deleted.</p>}
        {failure && <Refusal failure={failure} session={null} onToken={() => { onToken(); void remove(); }} />}
        <footer class="dialog-foot">
          <button data-autofocus type="button" class="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" class="button danger" disabled={isBusy}>
            Delete
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function lossOf({ status }: Row): string {
  const lines = status.stdout.lines + status.stderr.lines;
  return bytesOf(status) === 0 ? 'It has no output yet.' : `Its log is deleted with it: ${bytes(bytesOf(status))} in ${count(lines)} ${lines === 1 ? 'line' : 'lines'}.`;
}
