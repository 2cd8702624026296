import { useState } from 'react';
import { partsOfAsset, useAssetUnits } from '../data/queries.ts';
import { asShown, type Unit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Button, Notice, SelectField, TextField } from '../ui/basics.tsx';
import { Cell, Table } from '../ui/table.tsx';
import { type AssetDraft, assetOfKey, BASE_UNITS, newAsset, type PolicyDraft } from './policy-form.ts';
import { unitName } from './policy-words.ts';

const CHAINS = ['solana', 'ethereum', 'polygon', 'arbitrum', 'base'] as const;

/** What an asset is called: its symbol, which anybody can choose for a token, beside the chain or the whole of its address. */
function AssetName({ chain, asset }: { readonly chain: string; readonly asset: AssetDraft }) {
  const { t } = useSpeech();
  const { chain: own, token } = partsOfAsset(assetOfKey(chain, asset.key));
  return (
    <span className="min-w-0">
      <span className="font-medium">{unitName(asset.unit, t)}</span>{' '}
      <span className="text-xs break-all text-muted">{token === null ? own : `${own}:${token}`}</span>
    </span>
  );
}

/** Limits of further assets, to be read. */
export function AssetLimitsTable({ draft }: { readonly draft: PolicyDraft }) {
  const { t } = useSpeech();
  if (draft.assets.length === 0) return null;
  const cap = (text: string): string => (text === '' ? '–' : text);
  return (
    <details className="mt-4">
      <summary className="text-sm font-medium">{t('assets.further', { count: draft.assets.length })}</summary>
      <div className="mt-2">
        <Table
          label={t('assets.further', { count: draft.assets.length })}
          head={[t('assets.asset'), 'INSTANT ≤', 'NOTIFY ≤', 'DELAY ≤', t('policies.daily'), t('policies.weekly')]}
        >
          {draft.assets.map((asset) => (
            <tr key={asset.key}>
              <Cell className="min-w-32">
                <AssetName chain={draft.chain} asset={asset} />
              </Cell>
              {[asset.instant, asset.notify, asset.delay, cap(asset.daily), cap(asset.weekly)].map((text, column) => (
                <Cell key={column} className="tabular-nums">
                  {asShown(text, asset.unit)}
                </Cell>
              ))}
            </tr>
          ))}
        </Table>
      </div>
    </details>
  );
}

/** Limits of further assets, to be typed. */
export function AssetLimitsFields({
  draft,
  onDraft,
}: {
  readonly draft: PolicyDraft;
  readonly onDraft: (draft: PolicyDraft) => void;
}) {
  const { t } = useSpeech();
  const change = (key: string, changed: Partial<AssetDraft>): void =>
    onDraft({ ...draft, assets: draft.assets.map((one) => (one.key === key ? { ...one, ...changed } : one)) });
  return (
    <fieldset className="rounded-lg border border-line p-4">
      <legend className="px-1 text-sm font-medium">{t('assets.title')}</legend>
      <p className="mb-3 text-sm text-muted">{t('assets.text')}</p>
      <ul className="space-y-2">
        {draft.assets.map((asset) => (
          <li key={asset.key}>
            <details className="rounded-lg border border-line px-3 py-2">
              <summary className="text-sm">
                <AssetName chain={draft.chain} asset={asset} />{' '}
                <span className="text-xs text-muted tabular-nums">
                  {[asset.instant, asset.notify, asset.delay].map((text) => asShown(text, asset.unit)).join(' / ')}
                </span>
              </summary>
              <OneAsset
                asset={asset}
                onChange={(changed) => change(asset.key, changed)}
                onRemove={() => onDraft({ ...draft, assets: draft.assets.filter(({ key }) => key !== asset.key) })}
              />
            </details>
          </li>
        ))}
      </ul>
      <AddAsset
        draft={draft}
        onAdd={(key, unit) => onDraft({ ...draft, assets: [...draft.assets, newAsset(key, unit)] })}
      />
    </fieldset>
  );
}

function OneAsset({
  asset,
  onChange,
  onRemove,
}: {
  readonly asset: AssetDraft;
  readonly onChange: (changed: Partial<AssetDraft>) => void;
  readonly onRemove: () => void;
}) {
  const { t } = useSpeech();
  const of = unitName(asset.unit, t);
  const line = (field: 'instant' | 'notify' | 'delay' | 'daily' | 'weekly', isOptional = false) => (
    <TextField
      label={`${t(`policies.${field}`)} (${of})`}
      inputMode="decimal"
      value={asset[field]}
      {...(isOptional ? { hint: t('common.optional') } : {})}
      onChange={(event) => onChange({ [field]: event.target.value })}
    />
  );
  return (
    <div className="mt-3 space-y-3">
      {asset.unit === BASE_UNITS && <Notice kind="warn">{t('assets.unknown')}</Notice>}
      <div className="grid gap-3 sm:grid-cols-3">
        {line('instant')}
        {line('notify')}
        {line('delay')}
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        {line('daily', true)}
        {line('weekly', true)}
      </div>
      <div className="text-right">
        <Button kind="quiet" onClick={onRemove}>
          {t('assets.remove')}
        </Button>
      </div>
    </div>
  );
}

function AddAsset({
  draft,
  onAdd,
}: {
  readonly draft: PolicyDraft;
  readonly onAdd: (key: string, unit: Unit) => void;
}) {
  const { t } = useSpeech();
  const [chain, setChain] = useState(draft.chain);
  const [token, setToken] = useState('');
  const name = token.trim();
  const key = `${chain}:${name === '' ? 'native' : name}`;
  // Asked for by its whole name only: what is half typed is no token.
  const [wanted, setWanted] = useState<string | null>(null);
  const units = useAssetUnits(wanted === null ? [] : [wanted]);
  const taken = new Set([`${draft.chain}:native`, ...draft.assets.map((one) => assetOfKey(draft.chain, one.key))]);
  const isTaken = taken.has(key);
  const found = wanted === key ? units : null;

  return (
    <div className="mt-3 space-y-2">
      <div className="grid items-end gap-3 sm:grid-cols-[9rem_1fr_auto]">
        <SelectField
          label={t('agents.chain')}
          value={chain}
          options={CHAINS.map((one) => [one, one])}
          onValue={setChain}
        />
        <TextField
          label={t('assets.token')}
          value={token}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setToken(event.target.value)}
        />
        <Button disabled={isTaken} busy={wanted === key && units === null} onClick={() => setWanted(key)}>
          {t('assets.find')}
        </Button>
      </div>
      {isTaken && name !== '' && <p className="text-xs text-muted">{t('assets.taken')}</p>}
      {found !== null && !isTaken && (
        <div className="flex flex-wrap items-center justify-between gap-2 rounded-lg bg-raised px-3 py-2 text-sm">
          <span className="min-w-0">
            {found.get(key) === undefined
              ? t('assets.unknown')
              : t('assets.known', {
                  symbol: unitName(found.get(key) ?? BASE_UNITS, t),
                  decimals: found.get(key)?.decimals ?? 0,
                })}
          </span>
          <Button
            onClick={() => {
              onAdd(key, found.get(key) ?? BASE_UNITS);
              setToken('');
              setWanted(null);
            }}
          >
            {t('assets.add')}
          </Button>
        </div>
      )}
    </div>
  );
}
