import type { Colour, Style } from '../text/sgr';

const STEPS = [0, 95, 135, 175, 215, 255];

/** The first 16 colours are the theme's, so that they can be read on light and dark; those above are xterm's. */
function cssOf(colour: Colour): string {
  if (typeof colour === 'string') return colour;
  if (colour < 16) return `var(--ansi-${colour})`;
  if (colour >= 232) return grey(8 + (colour - 232) * 10);
  const cube = colour - 16;
  const [red, green, blue] = [STEPS[Math.floor(cube / 36)]!, STEPS[Math.floor(cube / 6) % 6]!, STEPS[cube % 6]!];
  return `rgb(${red} ${green} ${blue})`;
}

const grey = (level: number): string => `rgb(${level} ${level} ${level})`;

/** Gives an element the look of a style. */
export function paint(element: HTMLElement, style: Style): void {
  const [fg, bg] = style.inverse ? [style.bg ?? 'var(--log-bg)', style.fg ?? 'var(--log-fg)'] : [style.fg, style.bg];
  if (fg !== undefined) element.style.color = cssOf(fg);
  if (bg !== undefined) element.style.backgroundColor = cssOf(bg);
  for (const name of ['bold', 'dim', 'italic', 'underline', 'strike', 'isEscape'] as const) if (style[name]) element.classList.add(`t-${name}`);
}
