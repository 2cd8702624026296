import { isUuidV7 } from '@waiaas/core';
import type { InlineKeyboard } from '../channels/telegram-channel.ts';

/** What a button asks for. The Bot API carries 64 bytes with it. */
export type Button =
  | { readonly kind: 'approve' | 'reject' | 'revoke'; readonly id: string }
  /** `at`: when the question was put, Unix seconds. An answer that comes late is none. */
  | { readonly kind: 'killswitch_confirm'; readonly at: number }
  | { readonly kind: 'killswitch_cancel' };

/** A button as the Bot API carries it. */
export function encodeButton(button: Button): string {
  switch (button.kind) {
    case 'killswitch_confirm':
      return `${button.kind}:${button.at}`;
    case 'killswitch_cancel':
      return button.kind;
    default:
      return `${button.kind}:${button.id}`;
  }
}

/** Reads what a button carried; null when it is none of ours. */
export function decodeButton(data: string): Button | null {
  const [kind, rest = '', ...more] = data.split(':');
  if (more.length > 0) return null;
  if (kind === 'killswitch_cancel') return rest === '' ? { kind } : null;
  if (kind === 'killswitch_confirm') return /^\d{1,12}$/.test(rest) ? { kind, at: Number(rest) } : null;
  if (kind !== 'approve' && kind !== 'reject' && kind !== 'revoke') return null;
  return isUuidV7(rest) ? { kind, id: rest } : null;
}

/** Buttons beside each other, in one row. */
export const buttonRow = (...buttons: readonly (readonly [label: string, button: Button])[]): InlineKeyboard => [
  buttons.map(([text, button]) => ({ text, callback_data: encodeButton(button) })),
];
