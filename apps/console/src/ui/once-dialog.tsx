import { type ReactNode, useRef, useState } from 'react';
import { useSpeech } from '../i18n/language.tsx';
import { Button, CopyButton, Notice } from './basics.tsx';
import { Dialog } from './dialog.tsx';

/**
 * Shows a secret that is in this dialog and nowhere else: closed, it is gone. It begins at the button that copies it, so that an
 * Enter too many closes nothing; and closes once it was copied, or somebody has said that they keep it.
 * @param children what more holds the secret; told when that was copied
 */
export function OnceDialog({
  title,
  text,
  secret,
  testId,
  wide = false,
  onClose,
  children,
}: {
  readonly title: string;
  readonly text: string;
  readonly secret: string;
  readonly testId: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children?: (onCopied: () => void) => ReactNode;
}) {
  const { t } = useSpeech();
  const [isKept, setKept] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const kept = useRef<HTMLInputElement>(null);
  const onCopied = (): void => setKept(true);

  function close(): void {
    if (isKept) onClose();
    else {
      setAsked(true);
      // A box, which Enter does not tick: pressed once more, it closes nothing either.
      kept.current?.focus();
    }
  }

  return (
    <Dialog title={title} onClose={close} wide={wide} keepsOnEscape>
      <Notice kind="warn">{text}</Notice>
      <div className="flex items-start gap-2 rounded-lg border border-line bg-raised p-3">
        <code data-testid={testId} className="min-w-0 flex-1 text-xs break-all">
          {secret}
        </code>
        <CopyButton text={secret} label={title} onCopied={onCopied} isFirst />
      </div>
      {children?.(onCopied)}
      <div className="mt-5 flex flex-wrap items-center justify-between gap-3">
        <label className="flex items-center gap-2 text-sm">
          <input
            ref={kept}
            type="checkbox"
            className="size-4 accent-accent"
            checked={isKept}
            onChange={(event) => setKept(event.target.checked)}
          />
          {t('once.kept')}
        </label>
        <Button kind="primary" onClick={close}>
          {t('common.close')}
        </Button>
      </div>
      {isAsked && !isKept && <Notice kind="bad">{t('once.ask')}</Notice>}
    </Dialog>
  );
}
