import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import type { SessionStatus } from '../api/contract';
import { save } from '../api/download';
import { Menu } from '../ui/Menu';
import type { LogState } from './controller';
import type { View } from './live';
import type { Settings } from './settings';
import { STAMPS, type Stamps } from './stamps';

const VIEWS: readonly (readonly [View, string])[] = [
  ['both', 'all'],
  [1, 'stdout'],
  [2, 'stderr'],
];

const STAMP_NAMES: Record<Stamps, string> = { off: 'none', local: 'local time', utc: 'UTC', relative: 'since the start' };

type Switch = 'wrap' | 'numbers' | 'folds';

const SWITCHES: readonly (readonly [Switch, string, string])[] = [
  ['wrap', 'Wrap long lines', 'w'],
  ['numbers', 'Line numbers', 'l'],
  ['folds', 'Fold stack traces', 'f'],
];

export interface ToolbarProps {
  session: string;
  state: LogState;
  settings: Settings;
  onChange: (part: Partial<Settings>) => void;
  onLook: (view: View) => void;
  onFind: () => void;
}

export function Toolbar({ session, state, settings, onChange, onLook, onFind }: ToolbarProps) {
  return (
    <div class="log-bar" role="group" aria-label="Log tools">
      <div class="segments" role="group" aria-label="Outputs">
        {VIEWS.map(([view, name]) => (
          <button key={name} type="button" aria-pressed={state.view === view} onClick={() => onLook(view)}>
            {name}
            <Lines status={state.status} view={view} />
          </button>
        ))}
      </div>
      <button type="button" class="toggle" title="Find in the whole log (/)" onClick={onFind}>
        Find
      </button>
      <div class="log-bar-space" />
      <Menu name="View" title="How the log looks">
        <label class="menu-item">
          Times
          <select value={settings.stamps} onChange={(event) => onChange({ stamps: event.currentTarget.value as Stamps })}>
            {STAMPS.map((stamps) => (
              <option key={stamps} value={stamps}>
                {STAMP_NAMES[stamps]}
              </option>
            ))}
          </select>
          <kbd>t</kbd>
        </label>
        {SWITCHES.map(([name, what, key]) => (
          <label key={name} class="menu-item">
            <input type="checkbox" checked={settings[name]} onChange={(event) => onChange({ [name]: event.currentTarget.checked })} />
            {what}
            <kbd>{key}</kbd>
          </label>
        ))}
      </Menu>
      <SaveMenu session={session} isGone={state.end?.reason === 'deleted' || state.end?.reason === 'expired'} />
    </div>
  );
}

/** Has the browser save the log: from the relay to the disk, however large it is. */
function SaveMenu({ session, isGone }: { session: string; isGone: boolean }) {
  const [problem, tell] = useState('');
  const press = (view: View, withTimes: boolean) =>
    save(session, view, withTimes).then(
      () => tell(''),
      (failure: Error) => tell(failure.message),
    );
  return (
    <Menu name="Save" title="Save the log as a file">
      {isGone && <p class="menu-note">The session is gone, and its log with it.</p>}
      {(isGone ? [] : [false, true]).map((withTimes) => (
        <Fragment key={withTimes}>
          <p class="menu-note">{withTimes ? 'With times' : 'As it is'}</p>
          {VIEWS.map(([view, name]) => (
            <button key={name} type="button" class="menu-item" onClick={() => void press(view, withTimes)}>
              {view === 'both' ? 'stdout and stderr' : name}
              {withTimes && <span class="unseen"> with times</span>}
            </button>
          ))}
        </Fragment>
      ))}
      {problem && (
        <p class="menu-note is-problem" role="alert">
          {problem}
        </p>
      )}
    </Menu>
  );
}

/** A dot where an output has anything at all. */
function Lines({ status, view }: { status: SessionStatus | null; view: View }) {
  const has = view !== 'both' && status !== null && (view === 1 ? status.stdout : status.stderr).bytes > 0;
  return has ? <span class="has-lines" aria-hidden="true" /> : null;
}
