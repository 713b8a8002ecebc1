import { useState } from 'preact/hooks';
import { RelayFailure } from '../api/failure';
import { call } from '../api/rest';
import { Dialog } from '../ui/Dialog';
import { Refusal } from '../ui/Refusal';
import { Created, type Creation } from './Created';
import { idProblem, parseLabels } from './rules';

interface CreateDialogProps {
  onClose: () => void;
  onToken: () => void;
}

/** Creates a session; afterwards shows its tokens, once. */
export function CreateDialog({ onClose, onToken }: CreateDialogProps) {
  const [creation, create] = useState<Creation | null>(null);
  return creation ? (
    <Dialog key="created" title="Session created" onClose={onClose} isLight={false} class="wide">
      <Created creation={creation} onClose={onClose} />
    </Dialog>
  ) : (
    <Dialog key="create" title="New session" onClose={onClose} class="narrow">
      <Form onCreated={create} onClose={onClose} onToken={onToken} />
    </Dialog>
  );
}

function Form({ onCreated, onClose, onToken }: CreateDialogProps & { onCreated: (creation: Creation) => void }) {
  const [id, setId] = useState('');
  const [labels, setLabels] = useState('');
  const [isTried, setTried] = useState(false);
  const [isBusy, work] = useState(false);
  const [failure, fail] = useState<RelayFailure | null>(null);
  const parsed = parseLabels(labels);
  const ownIdProblem = idProblem(id);
  const place = failure && placeOf(failure);
  const idText = place === 'id' ? failure!.message : isTried || (id !== '' && ownIdProblem !== null) ? ownIdProblem : null;
  const labelText = place === 'labels' ? failure!.message : isTried || !/(^|\n)[^=\n]*$/.test(labels) ? parsed.problem : null;

  const submit = async (event?: Event) => {
    event?.preventDefault();
    setTried(true);
    fail(null);
    if (ownIdProblem || parsed.problem) return;
    work(true);
    try {
      onCreated((await call('POST', 'logging_session', null, { session_id: id, labels: parsed.labels })) as Creation);
    } catch (error) {
      if (!(error instanceof RelayFailure)) throw error;
      fail(error);
      work(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <label class="field">
        <span>Id</span>
        <input
          data-autofocus
          class="mono"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="off"
          placeholder="nightly-2026-01-31"
          value={id}
          aria-invalid={idText !== null}
          aria-describedby="create-id-note"
          onInput={(event) => {
            setId(event.currentTarget.value);
            fail(null);
          }}
        />
      </label>
      <Note id="create-id-note" problem={idText} hint="One session is one run of one job." />
      <label class="field">
        <span>
          Labels <span class="optional">optional</span>
        </span>
        <textarea
          class="mono"
          rows={3}
          spellcheck={false}
          autocapitalize="off"
          placeholder={'team=etl\nbranch=main'}
          value={labels}
          aria-invalid={labelText !== null}
          aria-describedby="create-labels-note"
          onInput={(event) => {
            setLabels(event.currentTarget.value);
            fail(null);
          }}
        />
      </label>
      <Note id="create-labels-note" problem={labelText} hint="name=value, one in a line." />
      {failure && place === 'form' && <Refusal failure={failure} session={null} onToken={() => { onToken(); void submit(); }} />}
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" class="button primary" disabled={isBusy}>
          Create
        </button>
      </footer>
    </form>
  );
}

function Note({ id, problem, hint }: { id: string; problem: string | null; hint: string }) {
  return (
    <p id={id} class={problem ? 'note is-problem' : 'note'} role={problem ? 'alert' : undefined}>
      {problem ?? hint}
    </p>
  );
}

function placeOf({ code }: RelayFailure): 'id' | 'labels' | 'form' {
  if (code === 'session_exists' || code === 'invalid_session_id') return 'id';
  return code === 'invalid_request' ? 'labels' : 'form';
}
