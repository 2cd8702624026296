import { useState } from 'react';
import { useLastEngagement, useOwnerStatus } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { useOperator, useSession } from '../session/session.tsx';
import { Badge, Button, Card, Facts, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { stoppedInWords } from './kill-switch-words.ts';

/** Stops everything. Once it is engaged the page shows the recovery, whatever it showed before. */
export function KillSwitchScreen() {
  const { t } = useSpeech();
  const owner = useOwnerStatus();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Heading title={t('kill.title')} />
      <Card className="max-w-3xl">
        <p className="mb-4 flex min-h-6 items-center gap-3">
          {owner.data !== undefined && <Badge>{owner.data.systemState}</Badge>}
          {t(
            owner.isPending ? 'common.loading' : owner.data?.systemState === 'NORMAL' ? 'kill.normal' : 'kill.unknown',
          )}
        </p>
        <Effects />
        <p className="mt-4 text-sm text-muted">
          {owner.data?.connected === false ? t('kill.recoveryCli') : t('kill.recovery')}
        </p>
        <div className="mt-5">
          <Button kind="danger" onClick={() => setAsking(true)}>
            {t('kill.activate')}
          </Button>
        </div>
      </Card>
      <LastEngagement />
      {asking && <KillSwitchDialog onClose={() => setAsking(false)} />}
    </>
  );
}

/** What it has stopped the last time: while it is engaged, nothing tells that to who did not engage it. */
function LastEngagement() {
  const { t, when } = useSpeech();
  const { data } = useLastEngagement();
  if (data === undefined || data === null) return null;
  const { at, by, reason, stopped } = data;
  return (
    <Card title={t('kill.last')} className="mt-4 max-w-3xl">
      <Facts
        rows={[
          [t('kill.since'), when(at)],
          [
            t('audit.actor'),
            <code key="by" className="text-xs break-all">
              {plain(by)}
            </code>,
          ],
          ...(reason === null ? [] : ([[t('kill.reason'), plain(reason)]] as const)),
          ...(stopped === null ? [] : ([[t('kill.stopped'), stoppedInWords(stopped, t)]] as const)),
        ]}
      />
    </Card>
  );
}

function Effects() {
  const { t } = useSpeech();
  return (
    <>
      <p className="text-sm">{t('kill.text')}</p>
      <ul className="mt-2 list-disc space-y-1 pl-5 text-sm">
        <li>{t('kill.effect.sessions')}</li>
        <li>{t('kill.effect.waiting')}</li>
        <li>{t('kill.effect.agents')}</li>
        <li>{t('kill.effect.keys')}</li>
      </ul>
    </>
  );
}

function KillSwitchDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const { lock } = useSession();
  const [reason, setReason] = useState('');
  return (
    <ConfirmDialog
      title={t('kill.title')}
      action={t('kill.activate')}
      danger
      disabled={reason.trim() === ''}
      onClose={onClose}
      onConfirm={async () => {
        lock(await operator.activateKillSwitch(reason.trim()));
      }}
    >
      <Effects />
      <TextField
        label={t('kill.reason')}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </ConfirmDialog>
  );
}
