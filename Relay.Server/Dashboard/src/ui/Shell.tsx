import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { urlOf } from '../api/rest';
import { Mark } from './Icon';
import { KeyboardSheet } from './KeyboardSheet';
import { wasNavigatedTo } from './router';
import { EVERYWHERE, useShortcuts } from './shortcuts';
import { ThemeButton } from './ThemeButton';
import './shell.css';

export interface ShellProps {
  /** Stands in the tab's title before the product's name. */
  title: string;
  /** The page's heading, beside the product's name. */
  heading: ComponentChildren;
  /** At the right of the header. */
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** What stands around each page. A page that was navigated to begins with the focus on its heading. */
export function Shell({ title, heading, actions, children }: ShellProps) {
  const place = useRef<HTMLHeadingElement>(null);
  const [isSheetOpen, openSheet] = useState(false);
  useEffect(() => {
    document.title = title ? `${title} · SparkLogRelay` : 'SparkLogRelay';
  }, [title]);
  useLayoutEffect(() => {
    if (wasNavigatedTo()) place.current!.focus();
  }, []);
  useShortcuts(EVERYWHERE, [{ keys: ['?'], what: 'show this list', run: () => openSheet(true) }]);
  return (
    <>
      <header class="shell">
        <a class="brand" href={urlOf('')} aria-label="SparkLogRelay, all sessions">
          <Mark />
          <span class="brand-name">SparkLogRelay</span>
        </a>
        <span class="shell-slash" aria-hidden="true">
          /
        </span>
        <h1 ref={place} tabIndex={-1} class="shell-heading" title={title}>
          {heading}
        </h1>
        <div class="shell-actions">{actions}</div>
        <div class="shell-tools">
          <ThemeButton />
          <button type="button" class="icon-button" title="Keyboard (?)" aria-label="Keyboard shortcuts" onClick={() => openSheet(true)}>
            <span class="icon-text" aria-hidden="true">
              ?
            </span>
          </button>
        </div>
      </header>
      <main>{children}</main>
      {isSheetOpen && <KeyboardSheet onClose={() => openSheet(false)} />}
    </>
  );
}
