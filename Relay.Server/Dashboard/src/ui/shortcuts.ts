import { useEffect, useRef } from 'preact/hooks';

export interface Shortcut {
  /** Any of these, as `KeyboardEvent.key` has them, with `Ctrl+`, `Alt+`, `Meta+`, `Shift+` or `Mod+` (Ctrl, or ⌘ on a Mac) before them. */
  keys: readonly string[];
  what: string;
  run: (event: KeyboardEvent) => void;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: readonly Shortcut[];
}

export const EVERYWHERE = 'Everywhere';

type Keys = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>;

const KEY = 'relay.shortcuts';
const groups = new Set<{ current: ShortcutGroup }>();
export const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

const isCharacter = (key: string): boolean => key.length === 1 && key !== ' ';

/** Whether the event is the key. Shift is looked at only where the key does not show it: `?` and `G` are what they are on every keyboard. */
export function isKey(event: Keys, name: string): boolean {
  const parts = name === '+' ? ['+'] : name.split(/\+(?=.)/);
  const key = parts.pop()!;
  const wants = (modifier: string) => parts.includes(modifier) || (parts.includes('Mod') && modifier === (isMac ? 'Meta' : 'Ctrl'));
  if (event.ctrlKey !== wants('Ctrl') || event.altKey !== wants('Alt') || event.metaKey !== wants('Meta')) return false;
  if ((!isCharacter(key) || parts.includes('Shift')) && event.shiftKey !== wants('Shift')) return false;
  return event.key === key || (parts.length > 0 && event.key.toLowerCase() === key.toLowerCase());
}

/** Single keys can be switched off: speech input types them by accident (WCAG 2.1.4). */
export const areShortcutsOn = (): boolean => {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
};

export function switchShortcuts(on: boolean): void {
  try {
    if (on) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, 'off');
  } catch {
    // Without storage they stay on.
  }
}

/** What the page and its parts answer to now; what is the same everywhere comes last. */
export const shortcutGroups = (): ShortcutGroup[] =>
  [...groups].map((group) => group.current).sort((a, b) => Number(a.title === EVERYWHERE) - Number(b.title === EVERYWHERE));

const TYPING = 'input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]:not([contenteditable=false])';
const PRESSABLE = 'a[href], button, summary, [role=button], input';

function answer(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest(TYPING)) return;
  if ((event.key === 'Enter' || event.key === ' ') && target?.closest(PRESSABLE)) return;
  for (const { current } of [...groups].reverse()) {
    for (const { keys, run } of current.shortcuts) {
      const key = keys.find((name) => isKey(event, name));
      if (key === undefined || (isCharacter(key) && !areShortcutsOn())) continue;
      event.preventDefault();
      run(event);
      return;
    }
  }
}

/** Answers to these keys as long as the component stands, and lists them on the keyboard sheet. Keys that are typed into a field are left alone. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const group = useRef<ShortcutGroup>({ title, shortcuts });
  group.current = { title, shortcuts };
  useEffect(() => {
    if (groups.size === 0) document.addEventListener('keydown', answer);
    groups.add(group);
    return () => {
      groups.delete(group);
      if (groups.size === 0) document.removeEventListener('keydown', answer);
    };
  }, []);
}
