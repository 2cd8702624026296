/** Who changed something, as audit rows name it. */
export interface RequestOrigin {
  readonly actor:
    | { readonly kind: 'operator' }
    | { readonly kind: 'agent'; readonly agentId: string; readonly sessionId: string };
  readonly ip?: string;
}

/** The `actor` of an audit row (01 §2.3). */
export const actorName = ({ actor }: RequestOrigin): string =>
  actor.kind === 'agent' ? `agent:${actor.agentId}` : 'operator';

/** Fields of an audit row that say where a change came from. */
export const auditOrigin = (origin: RequestOrigin) => ({
  actor: actorName(origin),
  ...(origin.ip === undefined ? {} : { ip: origin.ip }),
});
