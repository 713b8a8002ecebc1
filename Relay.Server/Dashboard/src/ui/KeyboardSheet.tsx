import { useState } from 'preact/hooks';
import { Dialog } from './Dialog';
import { areShortcutsOn, isMac, shortcutGroups, switchShortcuts } from './shortcuts';

const NAMES: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→', ' ': 'Space', Escape: 'Esc', Delete: 'Del', Meta: '⌘', Mod: isMac ? '⌘' : 'Ctrl' };

/** The keys that the page answers to. */
export function KeyboardSheet({ onClose }: { onClose: () => void }) {
  const [isOn, show] = useState(areShortcutsOn);
  const turn = (on: boolean) => {
    switchShortcuts(on);
    show(on);
  };
  return (
    <Dialog title="Keyboard" onClose={onClose} class="keys">
      {shortcutGroups().map(({ title, shortcuts }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {shortcuts.map(({ keys, what }) => (
              <div key={what}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{nameOf(key)}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <label class="switch">
        <input type="checkbox" checked={isOn} onChange={(event) => turn(event.currentTarget.checked)} />
        Single keys are shortcuts
      </label>
    </Dialog>
  );
}

const nameOf = (key: string): string =>
  key
    .split(/\+(?=.)/)
    .map((part) => NAMES[part] ?? part)
    .join(' ');
