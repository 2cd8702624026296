import { createHash } from 'node:crypto';
import { canonicalJson, type SessionConstraints } from '@waiaas/core';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');

/** What a signature over one transaction is bound to (03 §5.4). */
export const transactionResource = (transactionId: string): string => `urn:waiaas:tx:${transactionId}`;

/** What a signature over a new session is bound to: the agent and everything the session may do, its life included. */
export const sessionResource = (agentId: string, constraints: SessionConstraints): string =>
  `urn:waiaas:session:${agentId}:sha256:${sha256(canonicalJson(JSON.parse(JSON.stringify(constraints))))}`;

/** What a signature over any other request is bound to: its method, its path and its body to the byte. */
export const requestResource = (method: string, path: string, rawBody: string): string =>
  `urn:waiaas:req:sha256:${sha256(`${method}\n${path}\n${rawBody}`)}`;
