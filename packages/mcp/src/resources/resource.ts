import type { AgentSession } from '../session/agent-session.ts';

/** What a resource is read with. */
export interface ResourceContext {
  readonly session: AgentSession;
  readonly signal: AbortSignal;
}

/** A resource as the server offers it; its content is JSON. */
export interface Resource {
  readonly name: string;
  readonly title: string;
  readonly uri: string;
  readonly description: string;
  read(context: ResourceContext): Promise<unknown>;
}
