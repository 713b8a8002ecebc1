import { Icon } from './Icon';
import { chooseTheme, useTheme, type Theme } from './theme';

const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const ICONS = { system: 'screen', light: 'sun', dark: 'moon' } as const;

export function ThemeButton() {
  const theme = useTheme();
  const text = `Theme: ${theme}`;
  return (
    <button type="button" class="icon-button" title={text} aria-label={`${text}. Change to ${NEXT[theme]}`} onClick={() => chooseTheme(NEXT[theme])}>
      <Icon name={ICONS[theme]} />
    </button>
  );
}
