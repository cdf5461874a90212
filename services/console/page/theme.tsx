import { useState } from 'react';
import { Icon } from './icon.tsx';

export type Theme = 'system' | 'light' | 'dark';

const key = 'sonixy.theme';
const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const labels: Record<Theme, string> = { system: 'as the system', light: 'light', dark: 'dark' };

export function storedTheme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}

export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme);
  const change = () => {
    localStorage.setItem(key, next[theme]);
    applyTheme(next[theme]);
    setTheme(next[theme]);
  };
  const label = `Colours: ${labels[theme]}. Change to ${labels[next[theme]]}`;
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={change}>
      <Icon name={theme === 'system' ? 'contrast' : theme === 'light' ? 'sun' : 'moon'} />
    </button>
  );
}
