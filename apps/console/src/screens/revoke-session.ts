import { WAIaaSError, type WAIaaSOperatorClient } from '@waiaas/sdk';

/** Revokes a session. That somebody else has revoked it already is what was wanted, and no error. */
export async function revokeSession(operator: Pick<WAIaaSOperatorClient, 'revokeSession'>, id: string): Promise<void> {
  try {
    await operator.revokeSession(id);
  } catch (error) {
    if (!(error instanceof WAIaaSError) || error.code !== 'SESSION_REVOKED') throw error;
  }
}
