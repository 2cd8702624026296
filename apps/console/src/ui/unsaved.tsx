import { type ReactNode, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useSpeech } from '../i18n/language.tsx';
import { ConfirmDialog } from './dialog.tsx';

/** The link of this page that a click follows here, in this tab; null where it is none. */
function linkOf(event: MouseEvent): HTMLAnchorElement | null {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  return link instanceof HTMLAnchorElement && link.target === '' && link.origin === location.origin ? link : null;
}

/** What is typed, and not to be lost in silence. */
export interface Unsaved {
  /** Does something that what is typed would be lost by, once that was meant. */
  leave(go: () => void): void;
  /** Asks whether it is meant; to be put into the page. */
  readonly question: ReactNode;
}

/**
 * Asks before something that is typed is left: by what calls `leave`, and by any link. The browser asks by itself before the page
 * is closed.
 * @param text what is lost
 */
export function useUnsaved(isTyped: boolean, text: string): Unsaved {
  const { t } = useSpeech();
  const [, navigate] = useLocation();
  const [going, setGoing] = useState<{ readonly go: () => void } | null>(null);
  useEffect(() => {
    if (!isTyped) return undefined;
    const onClick = (event: MouseEvent): void => {
      const link = linkOf(event);
      if (link === null) return;
      event.preventDefault();
      event.stopPropagation();
      // From the root, whatever this page lies below.
      setGoing({ go: () => navigate(`~${link.pathname}${link.search}`) });
    };
    const onClosing = (event: BeforeUnloadEvent): void => event.preventDefault();
    // Before the link itself hears of it.
    document.addEventListener('click', onClick, true);
    addEventListener('beforeunload', onClosing);
    return () => {
      document.removeEventListener('click', onClick, true);
      removeEventListener('beforeunload', onClosing);
    };
  }, [isTyped, navigate]);

  return {
    leave(go) {
      if (isTyped) setGoing({ go });
      else go();
    },
    question:
      going === null ? null : (
        <ConfirmDialog
          title={t('unsaved.title')}
          text={text}
          action={t('unsaved.leave')}
          danger
          onClose={() => setGoing(null)}
          onConfirm={async () => {
            setGoing(null);
            going.go();
          }}
        />
      ),
  };
}
