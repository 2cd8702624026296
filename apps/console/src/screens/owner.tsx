import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useOwnerStatus } from '../data/queries.ts';
import { useSpeech } from '../i18n/language.tsx';
import { Heading } from '../layout.tsx';
import { Answer } from '../ui/answer.tsx';
import { Button, Card, EmptyState, Facts, FullAddress, TextField } from '../ui/basics.tsx';
import { ConfirmDialog } from '../ui/dialog.tsx';
import { type About, useSigning } from '../wallets/signing.tsx';

type Doing = 'connect' | 'disconnect' | 'change';

/** Whose wallet decides. */
export function OwnerScreen() {
  const { t, when } = useSpeech();
  const owner = useOwnerStatus();
  const [doing, setDoing] = useState<Doing | null>(null);
  return (
    <>
      <Heading title={t('owner.title')} />
      <Card className="max-w-3xl">
        <Answer of={owner} rows={2}>
          {({ connected, address = '', chain = '', connectedAt = '' }) =>
            connected ? (
              <>
                <Facts
                  rows={[
                    [t('common.address'), <FullAddress key="address" address={address} />],
                    [t('agents.chain'), chain],
                    [t('common.status'), t('owner.connected', { time: when(connectedAt) })],
                  ]}
                />
                <div className="mt-5 flex flex-wrap justify-end gap-2">
                  <Button onClick={() => setDoing('change')}>{t('owner.change')}</Button>
                  <Button kind="danger" onClick={() => setDoing('disconnect')}>
                    {t('owner.disconnect')}
                  </Button>
                </div>
              </>
            ) : (
              <>
                <EmptyState title={t('owner.none')} text={t('owner.none.text')} />
                <div className="text-center">
                  <Button kind="primary" onClick={() => setDoing('connect')}>
                    {t('owner.connect')}
                  </Button>
                </div>
              </>
            )
          }
        </Answer>
      </Card>
      {doing !== null && <OwnerDialog doing={doing} onClose={() => setDoing(null)} />}
    </>
  );
}

/** Connects, hands over or lets go. Connecting and handing over take the master password beside the signature. */
export function OwnerDialog({ doing, onClose }: { readonly doing: Doing; readonly onClose: () => void }) {
  const { t } = useSpeech();
  const owner = useOwnerStatus();
  const queries = useQueryClient();
  const { ownerClient, chooseSigner } = useSigning();
  const [password, setPassword] = useState('');
  const address = owner.data?.address;

  async function act(): Promise<void> {
    try {
      if (doing === 'connect') {
        const about = (chosen: string): About => [
          [t('owner.present'), t('common.none')],
          [t('owner.next'), chosen],
        ];
        const client = await ownerClient(null, { about });
        await client.connect(password);
      } else if (address !== undefined) {
        let next: string | null = null;
        const about = (): About => [
          [t('owner.present'), address],
          [t('owner.next'), next ?? t('common.none')],
        ];
        const client = await ownerClient(
          { address },
          { about, ...(doing === 'change' ? { title: 'wallet.choose.present' } : {}) },
        );
        if (doing === 'disconnect') await client.disconnect();
        else {
          const signer = await chooseSigner(null, { about, title: 'wallet.choose.next' });
          next = signer.address;
          await client.change(signer, password);
        }
      }
    } finally {
      setPassword('');
      await queries.invalidateQueries({ queryKey: ['owner'] });
    }
    onClose();
  }

  return (
    <ConfirmDialog
      title={t(`owner.${doing}`)}
      text={t(doing === 'connect' ? 'owner.none.text' : `owner.${doing}.text`)}
      action={t('common.continue')}
      danger={doing === 'disconnect'}
      disabled={doing !== 'disconnect' && password === ''}
      onClose={onClose}
      onConfirm={act}
    >
      {doing !== 'disconnect' && (
        <TextField
          label={t('signIn.password')}
          type="password"
          autoComplete="off"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
    </ConfirmDialog>
  );
}
