import type { AgentSummary } from '@waiaas/sdk';
import encodeQR from 'qr';
import { useState } from 'react';
import { nativeUnit } from '../format/amount.ts';
import { useSpeech } from '../i18n/language.tsx';

/** Empty modules around a code, which readers need. */
const QUIET = 4;

/** The address of an agent for a wallet on a phone, so that nobody types it. The bare address: every wallet reads that. */
export function ReceivingCode({ agent }: { readonly agent: AgentSummary }) {
  const { t } = useSpeech();
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="mt-4" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="text-sm font-medium">{t('qr.show')}</summary>
      {isOpen && (
        <figure className="mt-3">
          <Code text={agent.publicKey} label={t('qr.label', { address: agent.publicKey })} />
          <figcaption className="mt-2 text-sm text-muted">
            {t('qr.text', { symbol: nativeUnit(agent.chain).symbol, network: `${agent.chain} ${agent.network}` })}
          </figcaption>
        </figure>
      )}
    </details>
  );
}

function Code({ text, label }: { readonly text: string; readonly label: string }) {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET });
  const path = modules.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <svg
      viewBox={`0 0 ${modules.length} ${modules.length}`}
      className="size-48 rounded-lg"
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      {/* Dark on light in either appearance: many readers take nothing else. */}
      <rect width="100%" height="100%" fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
