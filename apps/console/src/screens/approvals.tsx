import { useQueryClient } from '@tanstack/react-query';
import { type PendingApproval, WAIaaSError } from '@waiaas/sdk';
import { useState } from 'react';
import { Link } from 'wouter';
import { useApprovals, useOwnerStatus } from '../data/queries.ts';
import { shown, unitOf } from '../format/amount.ts';
import { countdown, plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { focusContent, Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, Facts, FullAddress, Notice, TextField } from '../ui/basics.tsx';
import { useNow } from '../ui/clock.ts';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { useToast } from '../ui/toast.tsx';
import { troubleOf } from '../ui/trouble.ts';
import { useSigning } from '../wallets/signing.tsx';
import { Decision } from './decision.tsx';

/** With how many wait, which the title of the window says too. */
const titleOf = (title: string, count = 0): string => (count === 0 ? title : `${title} (${count})`);

/** Payments that wait for time or for the owner. */
export function ApprovalsScreen() {
  const { t } = useSpeech();
  const approvals = useApprovals();
  return (
    <>
      <Heading title={titleOf(t('approvals.title'), approvals.data?.length)} />
      <Answer of={approvals}>
        {(waiting) =>
          waiting.length === 0 ? (
            <Card>
              <EmptyState title={t('approvals.none')} text={t('approvals.none.text')} />
            </Card>
          ) : (
            <ul className="grid gap-4 2xl:grid-cols-2">
              {waiting.map((payment) => (
                <li key={payment.txId} className="min-w-0">
                  <WaitingPayment payment={payment} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </>
  );
}

/** Whether a payment does not wait any more: it goes from the list, and why is said where it can still be read. */
const hasGone = (error: unknown): boolean =>
  error instanceof WAIaaSError && ['TX_EXPIRED', 'TX_ALREADY_PROCESSED', 'TX_NOT_FOUND'].includes(error.code);

function WaitingPayment({ payment }: { readonly payment: PendingApproval }) {
  const { t, when } = useSpeech();
  const now = useNow();
  const toast = useToast();
  const queries = useQueryClient();
  const { ownerClient } = useSigning();
  const owner = useOwnerStatus();
  const [busy, setBusy] = useState(false);
  const [rejecting, setRejecting] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [isExplained, setExplained] = useState(false);
  const left = Date.parse(payment.expiresAt) - now;
  const needsOwner = payment.tier === 'APPROVAL';
  const { connected, address } = owner.data ?? {};

  async function approve(): Promise<void> {
    if (address === undefined) return;
    setBusy(true);
    setTrouble(null);
    try {
      const client = await ownerClient({ address });
      // What is signed is held against what is shown here; another text is never shown to the wallet.
      await client.approveTransaction(payment);
      toast(t('approvals.approved'));
      // Its card goes, and its button with it.
      focusContent();
    } catch (error) {
      const words = troubleOf(error, t);
      if (hasGone(error) && words !== null) {
        toast(words);
        focusContent();
      } else setTrouble(words);
    } finally {
      setBusy(false);
      queries.invalidateQueries({ queryKey: ['approvals'] });
    }
  }

  return (
    <Card className="h-full">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div>
          <p className="text-2xl font-semibold break-all tabular-nums" data-testid="amount">
            {shown(payment.amount, unitOf(payment))}
          </p>
          <p className="text-sm text-muted">
            <Link href={`/agents/${payment.agentId}`} className="underline decoration-line underline-offset-2">
              <bdi>{plain(payment.agentName)}</bdi>
            </Link>{' '}
            · {payment.chain} {payment.network}
          </p>
        </div>
        <div className="flex flex-col gap-1 sm:items-end">
          <span className="flex gap-2">
            {payment.preApprovedAt !== undefined && <Badge tone="info">{t('approvals.preApproved')}</Badge>}
            <Badge>{payment.tier}</Badge>
          </span>
          <span className="text-sm tabular-nums" role="timer">
            {left <= 0
              ? t('approvals.over')
              : t(needsOwner ? 'approvals.left' : 'approvals.runs', { time: countdown(left) })}
          </span>
        </div>
      </div>
      <div className="mt-4">
        <Facts
          rows={[
            [t('common.to'), <FullAddress key="to" address={payment.toAddress} />],
            ...(payment.token === undefined
              ? []
              : ([[t('common.token'), <FullAddress key="token" address={payment.token.address} />]] as const)),
            ...(payment.memo === undefined ? [] : ([[t('common.memo'), plain(payment.memo)]] as const)),
            [t('common.time'), when(payment.queuedAt)],
          ]}
        />
      </div>
      {payment.inWords === null && <Notice kind="bad">{t('approvals.altered')}</Notice>}
      <details className="mt-4" onToggle={(event) => setExplained(event.currentTarget.open)}>
        <summary className="text-sm font-medium">{t('approvals.why')}</summary>
        {isExplained && <Decision id={payment.txId} unit={unitOf(payment)} />}
      </details>
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      {needsOwner && owner.data === undefined && owner.error !== null && (
        <Notice kind="bad">{troubleOf(owner.error, t)}</Notice>
      )}
      {needsOwner && connected === false && (
        <Notice kind="warn">
          {t('approvals.noOwner')}{' '}
          <Link href="/owner" className="underline">
            {t('owner.connect')}
          </Link>
        </Notice>
      )}
      <div className="mt-4 flex flex-wrap justify-end gap-2">
        <Button onClick={() => setRejecting(true)} disabled={busy}>
          {t('approvals.reject')}
        </Button>
        {needsOwner && (
          <Button
            kind="primary"
            busy={busy}
            disabled={connected !== true || left <= 0 || payment.inWords === null}
            onClick={approve}
          >
            {t('approvals.approve')}
          </Button>
        )}
      </div>
      {rejecting && <RejectDialog payment={payment} onClose={() => setRejecting(false)} />}
    </Card>
  );
}

function RejectDialog({ payment, onClose }: { readonly payment: PendingApproval; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const toast = useToast();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  return (
    <ConfirmDialog
      title={t('approvals.rejectTitle')}
      text={`${shown(payment.amount, unitOf(payment))} → ${payment.toAddress}`}
      action={t('approvals.reject')}
      danger
      onClose={onClose}
      onConfirm={async () => {
        try {
          await operator.rejectTransaction(payment.txId, reason.trim() === '' ? undefined : reason.trim());
          toast(t('approvals.rejected'));
        } catch (error) {
          if (!hasGone(error)) throw error;
          toast(troubleOf(error, t) ?? t('common.failed'));
        }
        onClose();
        queries.invalidateQueries({ queryKey: ['approvals'] });
        // Once the dialog has put the focus back onto the button that goes.
        setTimeout(focusContent);
      }}
    >
      <TextField
        label={t('approvals.rejectReason')}
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </ConfirmDialog>
  );
}
