import type { Say } from '../i18n/language.tsx';

/** How long the daemon has been running, to the minute. */
export const uptimeInWords = (seconds: number, t: Say): string =>
  t('settings.uptime.text', {
    days: Math.floor(seconds / 86_400),
    hours: Math.floor((seconds % 86_400) / 3600),
    minutes: Math.floor((seconds % 3600) / 60),
  });
