import { useEffect, useState } from 'react';
import { keepAs, keptAs } from '../kept.ts';

/** Appearances somebody can choose. */
export const THEMES = ['system', 'light', 'dark'] as const;
/** An appearance. */
export type Theme = (typeof THEMES)[number];

const KEPT_AS = 'waiaas.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

const kept = (): Theme => THEMES.find((theme) => theme === keptAs(KEPT_AS)) ?? 'system';

function apply(theme: Theme): void {
  const isDark = theme === 'dark' || (theme === 'system' && dark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
}

/** Puts the appearance on before anything is drawn, and follows the system where it is to. */
export function startTheme(): void {
  apply(kept());
  dark.addEventListener('change', () => apply(kept()));
}

/** The appearance, and how to change it. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(kept);
  useEffect(() => apply(theme), [theme]);
  return [
    theme,
    (next) => {
      keepAs(KEPT_AS, next);
      setTheme(next);
    },
  ];
}
