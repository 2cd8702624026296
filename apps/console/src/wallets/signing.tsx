import { type OwnerSigner, toOwnerSigner, WAIaaSError, WAIaaSOwnerClient } from '@waiaas/sdk';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from 'react';
import { shortAddress } from '../format/text.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Button, EmptyState, Notice } from '../ui/basics.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { type FoundWallet, useWallets } from './discover.ts';

/** Nobody signed: the person changed their mind, which is no error to be shown. */
export class NotSigned extends Error {
  override readonly name = 'NotSigned';
}

/** The wallet that is wanted: that of the owner, or any. */
export type WantedWallet = { readonly address: string } | null;

interface Signing {
  /**
   * A client that speaks for a wallet. Before anything is signed, the exact text is shown, and somebody has to agree.
   * @throws NotSigned when nobody chooses a wallet
   */
  ownerClient(wanted: WantedWallet): Promise<WAIaaSOwnerClient>;
  /** A wallet, of which the texts are shown likewise. @throws NotSigned */
  chooseSigner(wanted: WantedWallet): Promise<OwnerSigner>;
}

const Context = createContext<Signing | null>(null);

type Asking =
  | { readonly what: 'wallet'; readonly wanted: WantedWallet; answer(signer: OwnerSigner | null): void }
  | { readonly what: 'text'; readonly text: string; sign(): Promise<string>; done(signature: string | null): void };

const same = (one: string, other: string): boolean => one === other || one.toLowerCase() === other.toLowerCase();

/** Gives everything below it the owner's wallet to sign with. */
export function SigningDesk({ children }: { readonly children: ReactNode }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  /** The wallet that was chosen, for as long as the page lives. */
  const chosen = useRef<OwnerSigner>(undefined);

  const showing = useCallback(
    (signer: OwnerSigner): OwnerSigner => ({
      chain: signer.chain,
      address: signer.address,
      signMessage: (text) =>
        new Promise((resolve, reject) => {
          setAsking({
            what: 'text',
            text,
            sign: () => signer.signMessage(text),
            done(signature) {
              setAsking(null);
              if (signature === null) reject(new NotSigned());
              else resolve(signature);
            },
          });
        }),
    }),
    [],
  );

  const chooseSigner = useCallback(
    async (wanted: WantedWallet): Promise<OwnerSigner> => {
      const kept = chosen.current;
      if (kept !== undefined && wanted !== null && same(kept.address, wanted.address)) return showing(kept);
      const signer = await new Promise<OwnerSigner | null>((resolve) => {
        setAsking({
          what: 'wallet',
          wanted,
          answer(found) {
            setAsking(null);
            resolve(found);
          },
        });
      });
      if (signer === null) throw new NotSigned();
      chosen.current = signer;
      return showing(signer);
    },
    [showing],
  );

  const signing = useMemo<Signing>(
    () => ({
      chooseSigner,
      ownerClient: async (wanted) =>
        new WAIaaSOwnerClient({ baseUrl: location.origin, signer: await chooseSigner(wanted) }),
    }),
    [chooseSigner],
  );

  return (
    <Context value={signing}>
      {children}
      {asking?.what === 'wallet' && <WalletDialog asking={asking} />}
      {asking?.what === 'text' && <TextDialog asking={asking} />}
    </Context>
  );
}

/** The desk that signatures are asked for at. */
export function useSigning(): Signing {
  const signing = useContext(Context);
  if (signing === null) throw new Error('useSigning needs SigningDesk above it');
  return signing;
}

function WalletDialog({ asking: { wanted, answer } }: { readonly asking: Extract<Asking, { what: 'wallet' }> }) {
  const { t } = useSpeech();
  const wallets = useWallets();
  const [busy, setBusy] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);

  async function choose(wallet: FoundWallet): Promise<void> {
    setBusy(wallet.id);
    setTrouble(null);
    try {
      const accounts = await wallet.connect();
      const account = wanted === null ? accounts[0] : accounts.find((one) => same(one, wanted.address));
      if (account === undefined) {
        setTrouble(t('wallet.notOwner', { address: accounts.map(shortAddress).join(', ') || t('common.none') }));
      } else answer(toOwnerSigner(wallet.signer(account)));
    } catch (error) {
      setTrouble(error instanceof WAIaaSError ? error.message : t('sign.refused'));
    } finally {
      setBusy(null);
    }
  }

  return (
    <Dialog title={t('wallet.choose')} onClose={() => answer(null)}>
      {wallets.length === 0 && <EmptyState title={t('wallet.none')} text={t('wallet.none.text')} />}
      <ul className="space-y-2">
        {wallets.map((wallet) => (
          <li key={wallet.id}>
            <button
              type="button"
              className="flex w-full items-center gap-3 rounded-lg border border-line px-4 py-3 text-left hover:bg-raised disabled:opacity-60"
              disabled={busy !== null}
              onClick={() => choose(wallet)}
            >
              {wallet.icon.startsWith('data:image/') && <img src={wallet.icon} alt="" className="size-8 rounded" />}
              <span className="flex-1">
                <span className="block font-medium">{wallet.name}</span>
                <span className="block text-sm text-muted">{wallet.chain}</span>
              </span>
              {busy === wallet.id && <span className="text-sm text-muted">{t('wallet.connecting')}</span>}
            </button>
          </li>
        ))}
      </ul>
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
    </Dialog>
  );
}

function TextDialog({ asking: { text, sign, done } }: { readonly asking: Extract<Asking, { what: 'text' }> }) {
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState(false);

  async function agree(): Promise<void> {
    setBusy(true);
    setTrouble(false);
    try {
      done(await sign());
    } catch {
      // What a wallet throws may hold anything; that it did not sign is all there is to say.
      setTrouble(true);
      setBusy(false);
    }
  }

  return (
    <Dialog title={t('sign.title')} onClose={() => done(null)}>
      <p className="mb-3 text-sm text-muted">{t('sign.text')}</p>
      <pre
        data-testid="signed-text"
        className="max-h-80 overflow-auto rounded-lg border border-line bg-raised p-3 text-xs leading-relaxed break-all whitespace-pre-wrap"
      >
        {text}
      </pre>
      {trouble && <Notice kind="bad">{t('sign.refused')}</Notice>}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={() => done(null)}>{t('common.cancel')}</Button>
        <Button kind="primary" busy={busy} onClick={agree}>
          {busy ? t('sign.waiting') : t('sign.sign')}
        </Button>
      </div>
    </Dialog>
  );
}
