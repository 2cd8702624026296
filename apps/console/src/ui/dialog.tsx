import { type FormEvent, type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { Button, Notice } from './basics.tsx';
import { troubleOf } from './trouble.ts';

/** What somebody fills in first, unless something else is said to be first. */
const FIRST_FIELD = '[data-dialog-body] :is(input, select, textarea):not([disabled])';
const FIRST = '[data-dialog-first]';

/** Opens it, with the focus where somebody begins: the platform alone would begin at the button that closes it. */
function open(dialog: HTMLDialogElement): void {
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector(FIRST) ?? dialog.querySelector(FIRST_FIELD);
  if (first instanceof HTMLElement) first.focus();
}

/**
 * Asks for something above the page. The platform's own dialog: the page behind is inert, the focus begins at the first
 * field, stays inside and goes back where it came from, and Escape closes it.
 */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  keepsOnEscape = false,
}: {
  readonly title: string;
  /** Somebody wants to close it; it stays where that is not followed. */
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly wide?: boolean;
  /** For what is shown once and gone afterwards: it is closed by its buttons alone. */
  readonly keepsOnEscape?: boolean;
}) {
  const { t } = useSpeech();
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  // Closed before it leaves the page: only then does the platform put the focus back.
  useLayoutEffect(() => {
    const dialog = element.current;
    if (dialog === null) return undefined;
    open(dialog);
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        // That of a dialog above this one is none of its own.
        if (event.target !== element.current) return;
        event.preventDefault();
        if (!keepsOnEscape) onClose();
      }}
      // A browser closes it without asking when Escape is pressed twice.
      onClose={(event) => {
        if (event.target !== element.current || element.current.open) return;
        if (!keepsOnEscape) onClose();
        requestAnimationFrame(() => {
          if (element.current?.open === false) open(element.current);
        });
      }}
      className={`m-auto max-h-[92dvh] w-[calc(100%-1.5rem)] scroll-pt-16 overflow-auto rounded-xl border border-line bg-surface p-0 text-ink shadow-xl ${wide ? 'max-w-3xl' : 'max-w-lg'}`}
    >
      <div className="sticky top-0 z-10 flex items-center justify-between gap-3 border-b border-line bg-surface px-5 py-3">
        <h2 id={id} className="min-w-0 text-lg font-semibold break-words">
          {title}
        </h2>
        <Button kind="quiet" aria-label={t('common.close')} onClick={onClose}>
          <span aria-hidden="true">✕</span>
        </Button>
      </div>
      <div data-dialog-body="" className="p-5">
        {children}
      </div>
    </dialog>
  );
}

/**
 * Asks before something happens. Enter in a field does it, but never what is dangerous: that is done by its own button alone.
 * @param children further inputs
 */
export function ConfirmDialog({
  title,
  text,
  action,
  danger = false,
  disabled = false,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string;
  readonly text?: string;
  readonly action: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
  readonly children?: ReactNode;
}) {
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);

  async function confirm(): Promise<void> {
    if (busy || disabled) return;
    setBusy(true);
    setTrouble(null);
    try {
      await onConfirm();
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!danger) confirm();
        }}
      >
        {text !== undefined && <p className="text-sm text-muted wrap-anywhere">{text}</p>}
        {children !== undefined && <div className={`space-y-4 ${text === undefined ? '' : 'mt-4'}`}>{children}</div>}
        {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          {danger ? (
            <Button kind="danger" busy={busy} disabled={disabled} onClick={confirm}>
              {action}
            </Button>
          ) : (
            <Button kind="primary" type="submit" busy={busy} disabled={disabled}>
              {action}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
