import { useQueryClient } from '@tanstack/react-query';
import type { AgentCreate } from '@waiaas/sdk';
import { useState } from 'react';
import { Link } from 'wouter';
import { useAgents } from '../data/queries.ts';
import { plain } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { nameInWords } from '../i18n/names.ts';
import { Heading } from '../layout.tsx';
import { useOperator } from '../session/session.tsx';
import { Answer } from '../ui/answer.tsx';
import { Badge, Button, Card, EmptyState, SelectField, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';

/** Agents, each a wallet of its own. */
export function AgentsScreen() {
  const { t } = useSpeech();
  const agents = useAgents();
  const [creating, setCreating] = useState(false);
  return (
    <>
      <Heading title={t('agents.title')}>
        <Button kind="primary" onClick={() => setCreating(true)}>
          {t('agents.new')}
        </Button>
      </Heading>
      <Answer of={agents}>
        {(all) =>
          all.length === 0 ? (
            <Card>
              <EmptyState title={t('agents.none')} text={t('agents.none.text')} />
            </Card>
          ) : (
            <ul className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
              {all.map((agent) => (
                <li key={agent.id} className="min-w-0">
                  <Link
                    href={`/agents/${agent.id}`}
                    className="block h-full rounded-xl border border-line bg-surface p-5 hover:border-accent"
                  >
                    <span className="flex items-start justify-between gap-3">
                      <span className="min-w-0 text-lg font-semibold break-words">{plain(agent.name)}</span>
                      <Badge>{agent.status}</Badge>
                    </span>
                    <span className="mt-1 block text-sm text-muted">
                      {agent.chain} {agent.network}
                      {agent.suspensionReason === undefined ? '' : ` · ${nameInWords(agent.suspensionReason, t)}`}
                    </span>
                    <code className="mt-3 block text-xs break-all text-muted">{agent.publicKey}</code>
                    <span className="mt-3 flex gap-4 text-sm">
                      <span>{t('agents.txCount', { count: agent.totalTxCount })}</span>
                      <span>{t('agents.sessionCount', { count: agent.sessionCount })}</span>
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
      {creating && <CreateAgentDialog onClose={() => setCreating(false)} />}
    </>
  );
}

const NETWORKS: Readonly<Record<AgentCreate['chain'], readonly AgentCreate['network'][]>> = {
  solana: ['mainnet-beta', 'devnet', 'testnet', 'localnet'],
  ethereum: ['mainnet', 'sepolia', 'localnet'],
  polygon: ['mainnet', 'amoy'],
  arbitrum: ['mainnet', 'sepolia'],
  base: ['mainnet', 'sepolia'],
};
const CHAINS = ['solana', 'ethereum', 'polygon', 'arbitrum', 'base'] as const satisfies readonly AgentCreate['chain'][];

/** Asks for what a new agent is. */
export function CreateAgentDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useSpeech();
  const operator = useOperator();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [chain, setChain] = useState<AgentCreate['chain']>('solana');
  const [network, setNetwork] = useState<AgentCreate['network']>('devnet');
  return (
    <ConfirmDialog
      title={t('agents.new')}
      action={t('common.create')}
      disabled={name.trim() === ''}
      onClose={onClose}
      onConfirm={async () => {
        await operator.createAgent({ name: name.trim(), chain, network });
        await queries.invalidateQueries({ queryKey: ['agents'] });
        onClose();
      }}
    >
      <TextField
        label={t('common.name')}
        maxLength={64}
        required
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <SelectField
        label={t('agents.chain')}
        value={chain}
        options={CHAINS.map((one) => [one, one])}
        onValue={(value) => {
          const next = CHAINS.find((one) => one === value) ?? 'solana';
          setChain(next);
          setNetwork(NETWORKS[next][0] ?? 'mainnet');
        }}
      />
      <SelectField
        label={t('common.network')}
        value={network}
        options={NETWORKS[chain].map((one) => [one, one])}
        onValue={(value) => setNetwork(NETWORKS[chain].find((one) => one === value) ?? network)}
      />
    </ConfirmDialog>
  );
}
