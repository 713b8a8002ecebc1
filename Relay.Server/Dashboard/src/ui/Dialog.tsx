import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { Icon } from './Icon';
import './dialog.css';

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** Whether Escape and a click beside the dialog close it; the cross always does. */
  isLight?: boolean;
  class?: string;
  children: ComponentChildren;
}

/** A modal dialog, open as long as it stands. The element with `autofocus` gets the focus; afterwards it goes back to where it was. */
export function Dialog({ title, onClose, isLight = true, class: name = '', children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useLayoutEffect(() => {
    const element = dialog.current!;
    element.showModal();
    element.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    return () => element.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${name}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        if (isLight) onClose();
      }}
      onMouseDown={(event) => {
        if (isLight && event.target === event.currentTarget) onClose();
      }}
      onClose={(event) => {
        if (event.target === event.currentTarget && event.currentTarget.isConnected) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
