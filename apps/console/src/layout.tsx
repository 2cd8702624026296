import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useApprovals } from './data/queries.ts';
import type { TextKey } from './i18n/en.ts';
import { useSpeech } from './i18n/language.tsx';
import { useSession } from './session/session.tsx';
import { Skeleton } from './ui/answer.tsx';
import { Badge, Button, Notice } from './ui/basics.tsx';
import { Sheltered } from './ui/sheltered.tsx';
import { SaidInPassing } from './ui/toast.tsx';

const PLACES: readonly (readonly [path: string, name: TextKey])[] = [
  ['/', 'nav.dashboard'],
  ['/approvals', 'nav.approvals'],
  ['/transactions', 'nav.transactions'],
  ['/agents', 'nav.agents'],
  ['/sessions', 'nav.sessions'],
  ['/policies', 'nav.policies'],
  ['/notifications', 'nav.notifications'],
  ['/auto-stop', 'nav.autoStop'],
  ['/audit', 'nav.audit'],
  ['/owner', 'nav.owner'],
  ['/settings', 'nav.settings'],
  ['/kill-switch', 'nav.killSwitch'],
];

const CONTENT = 'content';

/** Leads whoever works with the keyboard to the beginning of the screen, where what they were at has gone. */
export const focusContent = (): void => document.getElementById(CONTENT)?.focus({ preventScroll: true });

/** What surrounds every screen: where one can go, whether changes are heard, and the way out. */
export function Layout({ children }: { readonly children: ReactNode }) {
  const { t } = useSpeech();
  const { hearing, signOut } = useSession();
  const [path] = useLocation();
  const [open, setOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const [cameFrom, setCameFrom] = useState(path);
  useEffect(() => {
    if (path === cameFrom) return;
    setCameFrom(path);
    setOpen(false);
    window.scrollTo(0, 0);
    // Whoever does not see that the page is another one is told so, and goes on from its beginning.
    main.current?.focus({ preventScroll: true });
  }, [path, cameFrom]);

  return (
    <div className="mx-auto flex min-h-dvh max-w-[110rem] flex-col lg:flex-row">
      <button
        type="button"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-4 focus:py-2 focus:text-on-accent"
        onClick={() => main.current?.focus()}
      >
        {t('nav.skip')}
      </button>
      <header className="sticky top-0 z-20 flex items-center justify-between gap-3 border-b border-line bg-page/95 px-4 py-3 lg:hidden">
        <Mark />
        <Button aria-expanded={open} aria-controls="places" onClick={() => setOpen(!open)}>
          {t('nav.menu')}
        </Button>
      </header>
      <div className="lg:sticky lg:top-0 lg:h-dvh lg:w-60 lg:shrink-0">
        <nav
          id="places"
          aria-label={t('nav.main')}
          className={`${open ? 'block' : 'hidden'} border-b border-line px-3 py-4 lg:flex lg:h-full lg:flex-col lg:overflow-y-auto lg:border-r lg:border-b-0`}
        >
          <div className="mb-5 hidden px-3 lg:block">
            <Mark />
          </div>
          <ul className="space-y-0.5">
            {PLACES.map(([to, name]) => {
              const here = to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`);
              return (
                <li key={to}>
                  <Link
                    href={to}
                    aria-current={here ? 'page' : undefined}
                    className={`flex items-center justify-between rounded-lg px-3 py-2 text-sm font-medium ${to === '/kill-switch' ? 'text-bad' : here ? 'text-ink' : 'text-muted hover:text-ink'} ${here ? 'bg-raised' : 'hover:bg-raised'}`}
                  >
                    {t(name)}
                    {to === '/approvals' && <WaitingCount />}
                  </Link>
                </li>
              );
            })}
          </ul>
          <div className="mt-auto flex items-center justify-between gap-2 px-3 pt-4">
            <span className="flex items-center gap-2 text-xs text-muted">
              <span
                aria-hidden="true"
                className={`size-2 rounded-full ${hearing === 'live' ? 'bg-good' : hearing === 'offline' ? 'bg-bad' : 'bg-warn'}`}
              />
              {t(`state.${hearing === 'live' ? hearing : 'connecting'}`)}
            </span>
            <Button kind="quiet" onClick={() => signOut()}>
              {t('common.signOut')}
            </Button>
          </div>
        </nav>
        <SaidInPassing />
      </div>
      <main
        ref={main}
        id={CONTENT}
        tabIndex={-1}
        className="min-w-0 flex-1 px-4 py-5 outline-none sm:px-6 lg:px-8 lg:py-7"
      >
        {hearing === 'offline' && <Notice kind="bad">{t('state.offline')}</Notice>}
        {hearing === 'limited' && <Notice kind="warn">{t('state.limited')}</Notice>}
        {/* A screen that fails takes nothing else with it: the way to the kill switch stays. */}
        <Sheltered key={path}>{children}</Sheltered>
      </main>
    </div>
  );
}

/** What is seen until the daemon is heard: the mark, and a place for what comes. */
export function Opening() {
  return (
    <main className="mx-auto max-w-3xl px-4 py-10">
      <div className="mb-6">
        <Mark />
      </div>
      <Skeleton rows={6} />
    </main>
  );
}

const Mark = () => (
  <span className="flex items-center gap-2.5 text-base font-semibold">
    <img src="/console/icon.svg" alt="" className="size-7" />
    WAIaaS
  </span>
);

function WaitingCount() {
  const { data } = useApprovals();
  const count = data?.length ?? 0;
  return count === 0 ? null : <Badge tone="bad">{String(count)}</Badge>;
}

/** The heading of a screen, with what can be done on it. */
export function Heading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · WAIaaS`;
  }, [title]);
  return (
    <div className="mb-5 flex min-h-9 flex-wrap items-center justify-between gap-3">
      <h1 className="min-w-0 text-xl font-semibold break-words">{title}</h1>
      {children !== undefined && <div className="flex flex-wrap gap-2">{children}</div>}
    </div>
  );
}
