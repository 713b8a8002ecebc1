import type { SessionStatus } from '../api/contract';
import { save } from '../api/download';
import type { LogState } from './controller';
import type { View } from './live';
import type { Settings } from './settings';
import { STAMPS, type Stamps } from './stamps';

const VIEWS: readonly (readonly [View, string])[] = [
  ['both', 'all'],
  [1, 'stdout'],
  [2, 'stderr'],
];

const STAMP_NAMES: Record<Stamps, string> = { off: 'no times', local: 'local time', utc: 'UTC', relative: 'since start' };

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
    <div class="log-bar" role="toolbar" aria-label="What is shown of the log">
      <div class="segments" role="group" aria-label="Outputs">
        {VIEWS.map(([view, name]) => (
          <button key={name} type="button" aria-pressed={state.view === view} onClick={() => onLook(view)}>
            {name}
            <Lines status={state.status} view={view} />
          </button>
        ))}
      </div>
      <label class="pick">
        <span class="unseen">Times</span>
        <select value={settings.stamps} onChange={(event) => onChange({ stamps: event.currentTarget.value as Stamps })}>
          {STAMPS.map((stamps) => (
            <option key={stamps} value={stamps}>
              {STAMP_NAMES[stamps]}
            </option>
          ))}
        </select>
      </label>
      <Toggle name="wrap" isOn={settings.wrap} onTurn={(wrap) => onChange({ wrap })} />
      <Toggle name="numbers" isOn={settings.numbers} onTurn={(numbers) => onChange({ numbers })} />
      <button type="button" class="toggle" title="Find in the whole log (/)" onClick={onFind}>
        find
      </button>
      <div class="log-bar-space" />
      <span class="downloads">
        Download{' '}
        <button type="button" class="link" onClick={() => void save(session, 1)}>
          stdout
        </button>{' '}
        <button type="button" class="link" onClick={() => void save(session, 2)}>
          stderr
        </button>
      </span>
    </div>
  );
}

/** A dot where an output has anything at all. */
function Lines({ status, view }: { status: SessionStatus | null; view: View }) {
  const has = view !== 'both' && status !== null && (view === 1 ? status.stdout : status.stderr).bytes > 0;
  return has ? <span class="has-lines" aria-hidden="true" /> : null;
}

function Toggle({ name, isOn, onTurn }: { name: string; isOn: boolean; onTurn: (isOn: boolean) => void }) {
  return (
    <button type="button" class="toggle" aria-pressed={isOn} onClick={() => onTurn(!isOn)}>
      {name}
    </button>
  );
}
