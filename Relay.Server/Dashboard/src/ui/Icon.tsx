import type { JSX } from 'preact';

/** Drawn in 16 × 16 with the text's colour. */
const SHAPES = {
  check: <path d="m3.5 8.5 3 3 6-7" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  copy: <path d="M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z" />,
  moon: <path d="M13.2 9.7A5.7 5.7 0 0 1 6.3 2.8a5.7 5.7 0 1 0 6.9 6.9Z" />,
  plus: <path d="M8 3v10M3 8h10" />,
  screen: <path d="M2 3h12v8H2zm4 10.5h4M8 11v2.5" />,
  search: <path d="M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Zm3.3 7.8 3.2 3.2" />,
  sun: (
    <path d="M8 5.3a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4ZM8 1.2v1.3m0 11v1.3m6.8-6.8h-1.3m-11 0H1.2m11.6-4.8-.9.9m-7.8 7.8-.9.9m9.6 0-.9-.9M4.1 4.1l-.9-.9" />
  ),
  trash: <path d="M2.5 4.5h11m-7-.5v-2h3v2m-5 .5.5 9h6l.5-9m-4.25 2.5v4m2.5-4v4" />,
  warning: <path d="M8 2.2 14.5 13.5h-13zM8 6.5v3.2m0 1.7v.3" />,
} satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof SHAPES;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}

/** The product's mark. */
export function Mark() {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" width="20" height="20" aria-hidden="true">
      <path class="brand-spark" d="M9.5 2.5c.6 5.6 2.4 7.4 8 8-5.6.6-7.4 2.4-8 8-.6-5.6-2.4-7.4-8-8 5.6-.6 7.4-2.4 8-8Z" />
      <path class="brand-lines" d="M22 10.5h7.5M17 18.5h12.5M4 26.5h19" />
    </svg>
  );
}
