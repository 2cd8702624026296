import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that gets a nonce, for an owner who signs elsewhere. */
export const getNonce = defineTool({
  name: 'get_nonce',
  description:
    'A fresh nonce for a message that the owner of the wallet signs with their own wallet. It expires after 5 minutes. Not needed for paying.',
  annotations: { ...reads('Nonce'), idempotentHint: false },
  input: {},
  call: async (_input, { session, signal }) =>
    markUntrusted(await session.call((client) => client.getNonce({ signal }))),
});
