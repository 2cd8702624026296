import { useQueryClient } from '@tanstack/react-query';
import type { AgentSummary } from '@waiaas/sdk';
import { type ReactNode, useState } from 'react';
import { useAgentAssets, useOwnerStatus, useRecoveryAddress } from '../data/queries.ts';
import { hasTyped, plain, typeableName } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Button, Card, FullAddress, TextArea, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { SwitchField } from '../ui/switch.tsx';
import { type About, useSigning } from '../wallets/signing.tsx';
import { agentInWords } from './agent-words.ts';

/** What can be done with an agent. */
export type Doing = 'suspend' | 'resume' | 'recall' | 'terminate' | 'waive';

interface DialogProps {
  readonly agent: AgentSummary;
  readonly onClose: () => void;
}

/** Asks before something is done with an agent. */
export function AgentDialog({ agent, doing, onClose }: DialogProps & { readonly doing: Doing }) {
  switch (doing) {
    case 'suspend':
    case 'resume':
      return <StandDialog agent={agent} doing={doing} onClose={onClose} />;
    case 'recall':
      return <RecallDialog agent={agent} onClose={onClose} />;
    case 'terminate':
    case 'waive':
      return <EndDialog agent={agent} doing={doing} onClose={onClose} />;
  }
}

/** Closes a dialog once something is done, and looks at the agents again. */
function useDone(onClose: () => void): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: ['agents'] });
    onClose();
  };
}

/** Who does what only the owner can: with their wallet once there is an owner, with the password before that. */
function useHighest() {
  const operator = useOperator();
  const owner = useOwnerStatus();
  const { ownerClient } = useSigning();
  const address = owner.data?.address;
  return (about: About) => (address === undefined ? Promise.resolve(operator) : ownerClient({ address }, { about }));
}

function StandDialog({ agent, doing, onClose }: DialogProps & { readonly doing: 'suspend' | 'resume' }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const done = useDone(onClose);
  return (
    <ConfirmDialog
      title={`${t(`agents.${doing}`)}: ${plain(agent.name)}`}
      {...(doing === 'suspend' ? { text: t('agents.suspend.text') } : {})}
      action={t(`agents.${doing}`)}
      onClose={onClose}
      onConfirm={async () => {
        await (doing === 'suspend' ? operator.suspendAgent(agent.id) : operator.resumeAgent(agent.id));
        await done();
      }}
    />
  );
}

/** Types the name of the agent: what cannot be undone is not done by one careless click. */
function useTypedName(agent: AgentSummary): readonly [isTyped: boolean, field: ReactNode] {
  const { t } = useSpeech();
  const [typed, setTyped] = useState('');
  return [
    hasTyped(typed, agent.name, agent.id),
    <TextField
      key="name"
      label={t('agents.confirmName', { name: typeableName(agent.name, agent.id) })}
      value={typed}
      autoComplete="off"
      onChange={(event) => setTyped(event.target.value)}
    />,
  ];
}

function RecallDialog({ agent, onClose }: DialogProps) {
  const { t } = useSpeech();
  const operator = useOperator();
  const owner = useOwnerStatus();
  const asHighest = useHighest();
  const done = useDone(onClose);
  const [isTyped, nameField] = useTypedName(agent);
  const [typed, setTyped] = useState<string | null>(null);
  const [includeUnlisted, setIncludeUnlisted] = useState(false);
  const [keepGas, setKeepGas] = useState(true);
  // The address of an owner on another chain is none that funds could go to.
  const { address = '', chain } = owner.data ?? {};
  const own = (agent.chain === 'solana') === (chain === 'solana') ? address : '';
  const destination = typed ?? own;
  // An operator can send to the owner's own address, and keeps the gas; anything else the owner signs for.
  const needsOwner = address !== '' && (destination !== own || !keepGas);
  return (
    <ConfirmDialog
      title={`${t('agents.recall')}: ${plain(agent.name)}`}
      text={t('agents.recall.text')}
      action={t('agents.recall')}
      danger
      disabled={!isTyped || destination === ''}
      onClose={onClose}
      onConfirm={async () => {
        const about = [
          [t('common.agent'), agentInWords(agent)],
          [t('agents.recall.destination.short'), destination],
          [t('agents.recall.keepGas.short'), t(keepGas ? 'common.yes' : 'common.no')],
          [t('agents.recall.unlisted.short'), t(includeUnlisted ? 'common.yes' : 'common.no')],
        ] as const;
        const client = needsOwner ? await asHighest(about) : operator;
        await client.recallAgent(agent.id, { destination, includeUnlisted, keepGas });
        await done();
      }}
    >
      {/* Seen in full, also where it is narrow: it is where everything goes. */}
      <TextArea
        label={t('agents.recall.destination')}
        rows={2}
        value={destination}
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value.trim())}
      />
      <SwitchField label={t('agents.recall.unlisted')} checked={includeUnlisted} onChecked={setIncludeUnlisted} />
      <SwitchField label={t('agents.recall.keepGas')} checked={keepGas} onChecked={setKeepGas} />
      {needsOwner && <p className="text-sm text-muted">{t('agents.recall.signs')}</p>}
      {nameField}
    </ConfirmDialog>
  );
}

function EndDialog({ agent, doing, onClose }: DialogProps & { readonly doing: 'terminate' | 'waive' }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const asHighest = useHighest();
  const done = useDone(onClose);
  const assets = useAgentAssets(agent.id);
  const [isTyped, nameField] = useTypedName(agent);
  const [waive, setWaive] = useState<readonly string[]>([]);
  return (
    <ConfirmDialog
      title={`${t('agents.terminate')}: ${plain(agent.name)}`}
      text={doing === 'terminate' ? t('agents.terminate.text') : t('agents.waive.text')}
      action={doing === 'terminate' ? t('agents.terminate') : t('agents.waive.action')}
      danger
      disabled={!isTyped || (doing === 'waive' && waive.length === 0)}
      onClose={onClose}
      onConfirm={async () => {
        const about = [
          [t('agents.terminate'), agentInWords(agent)],
          [t('agents.waive'), waive.join(' ')],
        ] as const;
        const client = waive.length === 0 ? operator : await asHighest(about);
        await client.terminateAgent(agent.id, { waive });
        await done();
      }}
    >
      <Answer of={assets} rows={1}>
        {({ assets: held }) => {
          const tokens = held.filter(({ tokenMint }) => tokenMint !== undefined);
          if (tokens.length === 0) {
            return doing === 'waive' ? <p className="text-sm text-muted">{t('agents.waive.none')}</p> : null;
          }
          return (
            <fieldset className="rounded-lg border border-line p-3">
              <legend className="px-1 text-sm font-medium">{t('agents.waive')}</legend>
              {doing === 'terminate' && <p className="mb-2 text-xs text-muted">{t('agents.waive.text')}</p>}
              {tokens.map(({ asset, formatted, tokenMint }) => (
                <label key={asset} className="flex items-start gap-2 py-1 text-sm">
                  <input
                    type="checkbox"
                    className="mt-0.5 size-4 accent-accent"
                    checked={waive.includes(asset)}
                    onChange={(event) =>
                      setWaive(event.target.checked ? [...waive, asset] : waive.filter((one) => one !== asset))
                    }
                  />
                  <span className="min-w-0">
                    {formatted} <code className="block text-xs break-all text-muted">{tokenMint}</code>
                  </span>
                </label>
              ))}
            </fieldset>
          );
        }}
      </Answer>
      {nameField}
    </ConfirmDialog>
  );
}

/** Where an agent's funds may go beside the owner's own address, and how that is changed. */
export function RecoveryCard({ agent }: { readonly agent: AgentSummary }) {
  const { t, when } = useSpeech();
  const recovery = useRecoveryAddress(agent.id);
  const owner = useOwnerStatus();
  const [asking, setAsking] = useState(false);
  return (
    <Card title={t('agents.recovery')}>
      <p className="mb-3 text-sm text-muted">{t('agents.recovery.text')}</p>
      <Answer of={recovery} rows={1}>
        {({ address, next }) => (
          <>
            {address === null ? (
              <p className="text-sm">{t('agents.recovery.none')}</p>
            ) : (
              <FullAddress address={address} />
            )}
            {next !== null && (
              <div className="mt-2 text-sm">
                <p className="text-muted">{t('agents.recovery.next', { time: when(next.activeFrom) })}</p>
                <FullAddress address={next.address} />
              </div>
            )}
          </>
        )}
      </Answer>
      <div className="mt-4">
        {owner.data?.connected === false ? (
          <p className="text-sm text-muted">{t('agents.recovery.owner')}</p>
        ) : (
          <Button disabled={owner.data === undefined} onClick={() => setAsking(true)}>
            {t('agents.recovery.set')}
          </Button>
        )}
      </div>
      {asking && <RecoveryDialog agent={agent} onClose={() => setAsking(false)} />}
    </Card>
  );
}

function RecoveryDialog({ agent, onClose }: DialogProps) {
  const { t } = useSpeech();
  const owner = useOwnerStatus();
  const done = useDone(onClose);
  const { ownerClient } = useSigning();
  const [address, setAddress] = useState('');
  const [password, setPassword] = useState('');
  const ownerAddress = owner.data?.address;
  return (
    <ConfirmDialog
      title={`${t('agents.recovery')}: ${plain(agent.name)}`}
      text={t('agents.recovery.text')}
      action={t('common.continue')}
      disabled={address === '' || password === '' || ownerAddress === undefined}
      onClose={onClose}
      onConfirm={async () => {
        if (ownerAddress === undefined) return;
        try {
          const about = [
            [t('common.agent'), agentInWords(agent)],
            [t('agents.recovery'), address],
            [t('policies.effect'), t('agents.recovery.effect')],
          ] as const;
          const client = await ownerClient({ address: ownerAddress }, { about });
          await client.setRecoveryAddress(agent.id, address, password);
        } finally {
          setPassword('');
        }
        await done();
      }}
    >
      <TextArea
        label={t('common.address')}
        rows={2}
        value={address}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setAddress(event.target.value.trim())}
      />
      <TextField
        label={t('signIn.password')}
        type="password"
        autoComplete="off"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </ConfirmDialog>
  );
}
