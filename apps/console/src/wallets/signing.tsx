import { type OwnerSigner, toOwnerSigner, WAIaaSOwnerClient } from '@waiaas/sdk';
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import { plain, shortAddress } from '../format/text.ts';
import type { TextKey } from '../i18n/en.ts';
import { useSpeech } from '../i18n/language.tsx';
import { useSession } from '../session/session.tsx';
import { Button, EmptyState, Facts, Notice } from '../ui/basics.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { REACHABLE } from '../ui/table.tsx';
import { NotSigned, troubleOf } from '../ui/trouble.ts';
import { createDesk } from './desk.ts';
import { type FoundWallet, useWallets } from './discover.ts';

/** The wallet that is wanted: that of the owner, or any. */
export type WantedWallet = { readonly address: string } | null;

/** What somebody signs for, in names and values. */
export type About = readonly (readonly [name: string, value: string])[];

/** What a person is told who is asked for a wallet and its signature. */
export interface Occasion {
  /** What is signed for, where the text has but a fingerprint of it: read when the text is shown, of the wallet that signs. */
  readonly about?: About | ((address: string) => About);
  /** Which wallet is wanted, where there might be a doubt. */
  readonly title?: TextKey;
}

interface Signing {
  /**
   * A client that speaks for a wallet. Before anything is signed, the exact text is shown, and somebody has to agree.
   * @throws NotSigned when nobody chooses a wallet
   */
  ownerClient(wanted: WantedWallet, occasion?: Occasion): Promise<WAIaaSOwnerClient>;
  /** A wallet, of which the texts are shown likewise. @throws NotSigned */
  chooseSigner(wanted: WantedWallet, occasion?: Occasion): Promise<OwnerSigner>;
}

const Context = createContext<Signing | null>(null);

type Asking =
  | {
      readonly what: 'wallet';
      readonly wanted: WantedWallet;
      readonly title: TextKey;
      answer(signer: OwnerSigner | null): void;
    }
  | {
      readonly what: 'text';
      readonly text: string;
      readonly about: About;
      sign(): Promise<string>;
      /** @param hasFailed whether the wallet was asked and did not sign */
      done(signature: string | null, hasFailed: boolean): void;
    };

/** Ethereum knows an address in any spelling; Solana only to the letter. */
const same = (one: string, other: string): boolean =>
  one === other || (/^0x/i.test(one) && one.toLowerCase() === other.toLowerCase());

/** Gives everything below it the owner's wallet to sign with. */
export function SigningDesk({ children }: { readonly children: ReactNode }) {
  const { fetch } = useSession();
  const [desk] = useState(createDesk<Asking>);
  const posed = useSyncExternalStore(desk.subscribe, desk.present, desk.present);
  /** The wallet that was chosen, for as long as the page lives. */
  const chosen = useRef<OwnerSigner>(undefined);
  // What was asked of who is not there any more is answered: nobody signed.
  useEffect(() => () => desk.clear(), [desk]);

  const signing = useMemo<Signing>(() => {
    const showing = (signer: OwnerSigner, { about = [] }: Occasion): OwnerSigner => ({
      chain: signer.chain,
      address: signer.address,
      async signMessage(text) {
        const signature = await desk.ask<string>((answer) => ({
          what: 'text',
          text,
          about: typeof about === 'function' ? about(signer.address) : about,
          sign: () => signer.signMessage(text),
          done(given, hasFailed) {
            // It may have another account by now, or none: the next time somebody chooses again.
            if (given === null && hasFailed) chosen.current = undefined;
            answer(given);
          },
        }));
        if (signature === null) throw new NotSigned();
        return signature;
      },
    });
    const chooseSigner = async (wanted: WantedWallet, occasion: Occasion = {}): Promise<OwnerSigner> => {
      const kept = chosen.current;
      if (kept !== undefined && wanted !== null && same(kept.address, wanted.address)) {
        return showing(kept, occasion);
      }
      const signer = await desk.ask<OwnerSigner>((answer) => {
        const { title = 'wallet.choose' } = occasion;
        return { what: 'wallet', wanted, title, answer };
      });
      if (signer === null) throw new NotSigned();
      chosen.current = signer;
      return showing(signer, occasion);
    };
    return {
      chooseSigner,
      ownerClient: async (wanted, occasion) =>
        new WAIaaSOwnerClient({ baseUrl: location.origin, signer: await chooseSigner(wanted, occasion), fetch }),
    };
  }, [desk, fetch]);

  return (
    <Context value={signing}>
      {children}
      {posed?.question.what === 'wallet' && <WalletDialog key={posed.id} asking={posed.question} />}
      {posed?.question.what === 'text' && <TextDialog key={posed.id} asking={posed.question} />}
    </Context>
  );
}

/** The desk that signatures are asked for at. */
export function useSigning(): Signing {
  const signing = useContext(Context);
  if (signing === null) throw new Error('useSigning needs SigningDesk above it');
  return signing;
}

function WalletDialog({ asking: { wanted, title, answer } }: { readonly asking: Extract<Asking, { what: 'wallet' }> }) {
  const { t } = useSpeech();
  const wallets = useWallets();
  const [busy, setBusy] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);

  /** Accounts of a wallet that has several, where any of them will do: which one is for a person to say. */
  const [several, setSeveral] = useState<{
    readonly wallet: FoundWallet;
    readonly accounts: readonly string[];
  } | null>(null);

  function take(wallet: FoundWallet, account: string): void {
    try {
      answer(toOwnerSigner(wallet.signer(account)));
    } catch {
      // It tells of an account that is none of its chain, or that it has no more.
      setTrouble(t('wallet.refused'));
    }
  }

  async function choose(wallet: FoundWallet): Promise<void> {
    setBusy(wallet.id);
    setTrouble(null);
    setSeveral(null);
    try {
      const accounts = await wallet.connect();
      const fitting = wanted === null ? accounts : accounts.filter((one) => same(one, wanted.address));
      const [account] = fitting;
      if (account === undefined) {
        setTrouble(t('wallet.notOwner', { address: accounts.map(shortAddress).join(', ') || t('common.none') }));
      } else if (fitting.length > 1) setSeveral({ wallet, accounts: fitting });
      else take(wallet, account);
    } catch {
      // What a wallet throws may hold anything; that it gave no account is all there is to say.
      setTrouble(t('wallet.refused'));
    } finally {
      setBusy(null);
    }
  }

  return (
    <Dialog title={t(title)} onClose={() => answer(null)}>
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
              <span className="min-w-0 flex-1">
                <span className="block font-medium break-words">{plain(wallet.name)}</span>
                <span className="block text-sm text-muted">{wallet.chain}</span>
              </span>
              {busy === wallet.id && <span className="text-sm text-muted">{t('wallet.connecting')}</span>}
            </button>
          </li>
        ))}
      </ul>
      {several !== null && (
        <fieldset className="mt-4 rounded-lg border border-line p-3">
          <legend className="px-1 text-sm font-medium">{t('wallet.account')}</legend>
          <ul className="space-y-2">
            {several.accounts.map((account) => (
              <li key={account}>
                <Button className="w-full font-mono text-xs break-all" onClick={() => take(several.wallet, account)}>
                  {account}
                </Button>
              </li>
            ))}
          </ul>
        </fieldset>
      )}
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
    </Dialog>
  );
}

function TextDialog({ asking: { text, about, sign, done } }: { readonly asking: Extract<Asking, { what: 'text' }> }) {
  const { t } = useSpeech();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);

  async function agree(): Promise<void> {
    setBusy(true);
    setTrouble(null);
    try {
      done(await sign(), false);
    } catch (error) {
      // The SDK quotes nothing that a wallet throws: what it says is its own, such as that another text was signed.
      setTrouble(troubleOf(error, t));
      setBusy(false);
    }
  }
  const cancel = (): void => done(null, trouble !== null);

  return (
    <Dialog title={t('sign.title')} onClose={cancel}>
      {about.length > 0 && (
        <section data-testid="signed-for" aria-label={t('sign.about')} className="mb-4">
          <h3 className="mb-2 text-sm font-medium">{t('sign.about')}</h3>
          <Facts rows={about} />
        </section>
      )}
      <p className="mb-3 text-sm text-muted">{t('sign.text')}</p>
      <pre
        data-testid="signed-text"
        className="rounded-lg border border-line bg-raised p-3 text-xs leading-relaxed wrap-anywhere whitespace-pre-wrap"
        {...REACHABLE}
      >
        {text}
      </pre>
      {trouble !== null && <Notice kind="bad">{trouble}</Notice>}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={cancel}>{t('common.cancel')}</Button>
        <Button kind="primary" busy={busy} onClick={agree}>
          {busy ? t('sign.waiting') : t('sign.sign')}
        </Button>
      </div>
    </Dialog>
  );
}
