import type { ApiServices, RequestContext } from '@waiaas/api-server';
import { canonicalAddress, draftSignIn, type NonceStore, requestPurpose } from '@waiaas/auth';
import {
  type Clock,
  canonicalJson,
  isoTime,
  isTransactionId,
  type OwnerMessageRequest,
  SIGN_IN_LIFE_MS,
  transactionId,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import { actorName, type OwnerManagement, type RequestOrigin } from '@waiaas/management';
import type { Pipeline } from '@waiaas/pipeline';
import type { KillSwitch } from '@waiaas/safety';
import { countAllLiveSessions, countWaitingApprovals, type Storage } from '@waiaas/storage';
import type { OwnerGate } from './owner-gate.ts';

/** What the owner's routes are served from. */
export interface OwnerServiceParts {
  readonly clock: Clock;
  readonly storage: Storage;
  readonly owner: OwnerManagement;
  readonly pipeline: Pipeline;
  readonly nonces: NonceStore;
  readonly gate: OwnerGate;
  readonly killSwitch: KillSwitch;
  readonly domains: () => readonly string[];
  readonly dashboard: ApiServices['owner']['dashboard'];
}

const originOf = ({ actor, ip, confirmCredential }: RequestContext): RequestOrigin => ({
  actor,
  ip,
  confirmCredential,
});

/** Where the next owner's proof in the body of a change is bound to. */
const CHANGE = { method: 'POST', path: '/v1/owner/change' } as const;

/** The body to the byte: a text as it is, a value as `JSON.stringify` writes it, nothing where there is none. */
const rawBodyOf = ({ body }: OwnerMessageRequest): Uint8Array =>
  Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body), 'utf8');

/** Builds the service behind the owner's routes. */
export function createOwnerService(parts: OwnerServiceParts): ApiServices['owner'] {
  const { clock, storage, owner, pipeline, nonces, gate, killSwitch, domains } = parts;

  /** What was signed for the owner before counts for nothing once there is another one, or none. */
  const afterwards = <T>(value: T): T => {
    nonces.clear();
    return value;
  };

  return {
    async message(input, host) {
      const { chain, action, method, path } = input;
      const address = canonicalAddress(chain, input.address);
      if (address === null) throw new WaiaasError('INVALID_ADDRESS', { details: { chain, address: input.address } });
      const [first = host] = domains();
      const domain = domains().includes(host) ? host : first;
      const purpose =
        action === 'approve_tx' || action === 'reject_tx'
          ? await gate.purposeOf(action, { kind: 'payment', transactionId: transactionId(lastSegment(path)) })
          : requestPurpose(action, { method, path, rawBody: rawBodyOf(input) });
      const { nonce, expiresAt } = nonces.issue();
      const now = clock.now();
      return {
        message: draftSignIn({ chain, address, domain, nonce, now, ...purpose }),
        nonce,
        expiresAt: isoTime(Math.min(expiresAt, now + SIGN_IN_LIFE_MS)),
      };
    },

    connect: async (input, context) => afterwards(await owner.connect(input, originOf(context))),

    async change({ address, chain, message, signature }, context) {
      const rawBody = canonicalJson({ address, chain });
      const purpose = requestPurpose('connect_owner', { ...CHANGE, rawBody });
      await gate.verifier.authorise({ chain, address, message, signature }, purpose);
      return afterwards(await owner.change({ address, chain }, originOf(context)));
    },

    disconnect: async (context) => afterwards(await owner.disconnect(originOf(context))),

    async status() {
      const present = await owner.load();
      const counts = {
        systemState: killSwitch.status(),
        activeSessionCount: await countAllLiveSessions(storage.read, unixSeconds(clock)),
        pendingApprovalCount: await countWaitingApprovals(storage.read),
      };
      if (present.state !== 'connected') return { connected: false, ...counts };
      const { id, address, chain, connected_at, last_active_at } = present.owner;
      return {
        connected: true,
        ownerId: id,
        address,
        chain,
        connectedAt: connected_at,
        ...(last_active_at === null ? {} : { lastActiveAt: last_active_at }),
        ...counts,
      };
    },

    dashboard: parts.dashboard,

    pendingApprovals: (query) => pipeline.waiting(query),

    async approve(id, context) {
      const { status } = await pipeline.approve(id, originOf(context));
      return {
        transactionId: id,
        status,
        approvedAt: isoTime(clock.now()),
        approvedBy: context.actor.kind === 'owner' ? context.actor.address : '',
      };
    },

    async reject(id, input, context) {
      await pipeline.reject(id, input, originOf(context));
      return {
        transactionId: id,
        status: 'CANCELLED',
        rejectedAt: isoTime(clock.now()),
        rejectedBy: actorName(originOf(context)),
        ...(input.reason === undefined ? {} : { reason: input.reason }),
      };
    },
  };
}

/** The transaction that a path such as `/v1/owner/approve/:txId` names. @throws WaiaasError TX_NOT_FOUND */
function lastSegment(path: string): string {
  const id = path.split('?')[0]?.split('/').at(-1) ?? '';
  if (!isTransactionId(id)) throw new WaiaasError('TX_NOT_FOUND');
  return id;
}
