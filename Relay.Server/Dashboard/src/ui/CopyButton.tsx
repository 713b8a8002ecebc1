import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './Icon';

const SHOWN = 1600;

/** Puts the text on the clipboard, and says so. */
export function CopyButton({ text, label = 'Copy', isQuiet = false }: { text: string | (() => string); label?: string; isQuiet?: boolean }) {
  const button = useRef<HTMLButtonElement>(null);
  const [said, say] = useState<'' | 'Copied' | 'Not copied'>('');
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => say(''), SHOWN);
    return () => clearTimeout(timer);
  }, [said]);
  const press = async () => say((await copy(typeof text === 'string' ? text : text(), button.current!)) ? 'Copied' : 'Not copied');
  return (
    <>
      <button ref={button} type="button" class={isQuiet ? 'icon-button' : 'button small'} title={isQuiet ? label : undefined} aria-label={isQuiet ? label : undefined} onClick={() => void press()}>
        <Icon name={said === 'Copied' ? 'check' : 'copy'} />
        {isQuiet ? null : said || label}
      </button>
      <span class="unseen" role="status">
        {said}
      </span>
    </>
  );
}

async function copy(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text, near);
  }
}

/** Pages that come over plain HTTP have no clipboard. The text stands beside the button, for what is outside of an open dialog takes no focus. */
function copyBySelection(text: string, near: HTMLElement): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.className = 'unseen';
  near.parentElement!.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
    near.focus();
  }
}
