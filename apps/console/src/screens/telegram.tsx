import { useQueryClient } from '@tanstack/react-query';
import type { NotificationChannel } from '@waiaas/sdk';
import { type FormEvent, useState } from 'react';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useOperator } from '../session/session.tsx';
import { Button, Card, Notice, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { troubleOf } from '../ui/trouble.ts';

/** The chat that the owner steers the daemon from: paired with a code that the bot has given there. */
export function TelegramPairing({ channels }: { readonly channels: readonly NotificationChannel[] }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [paired, setPaired] = useState<string | null>(null);
  const [ending, setEnding] = useState(false);
  const present = channels.find((channel) => channel.paired);

  async function pair(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setTrouble(null);
    try {
      const { chatName, chatId } = await operator.verifyTelegramChat(code);
      // Whoever wrote to the bot has chosen that name: it is shown, so that somebody sees who it is.
      setPaired(t('telegram.paired', { name: plain(chatName), id: chatId }));
      setCode('');
    } catch (error) {
      setTrouble(troubleOf(error, t));
    } finally {
      setBusy(false);
      await queries.invalidateQueries({ queryKey: ['notifications'] });
    }
  }

  return (
    <Card title={t('telegram.title')} className="mt-4">
      <p className="text-sm text-muted">{t('telegram.text')}</p>
      {paired !== null && <Notice kind="warn">{paired}</Notice>}
      {present === undefined ? (
        <form onSubmit={pair} className="mt-4">
          <p className="mb-3 text-sm">{t('telegram.how')}</p>
          <div className="flex flex-wrap items-end gap-3">
            <TextField
              label={t('telegram.code')}
              inputMode="numeric"
              autoComplete="off"
              maxLength={6}
              value={code}
              onChange={(event) => setCode(event.target.value.trim())}
            />
            <Button type="submit" busy={busy} disabled={!/^\d{6}$/.test(code)} className="min-h-10">
              {t('telegram.pair')}
            </Button>
          </div>
          {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
        </form>
      ) : (
        <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
          <p className="text-sm font-medium">{t('telegram.pairedNow', { name: plain(present.name) })}</p>
          <Button onClick={() => setEnding(true)}>{t('telegram.unpair')}</Button>
        </div>
      )}
      {ending && (
        <ConfirmDialog
          title={`${t('telegram.title')}: ${t('telegram.unpair')}`}
          text={t('telegram.unpair.text')}
          action={t('telegram.unpair')}
          danger
          onClose={() => setEnding(false)}
          onConfirm={async () => {
            await operator.unpairTelegramChat();
            setPaired(null);
            await queries.invalidateQueries({ queryKey: ['notifications'] });
            setEnding(false);
          }}
        />
      )}
    </Card>
  );
}
