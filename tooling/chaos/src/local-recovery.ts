import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonProcess, PASSWORD } from './harness.ts';

/** Recovers from the kill switch as the command on the machine does where there is no owner. */
export async function recoverHere(
  daemon: DaemonProcess,
  dataDir: string,
  password = PASSWORD,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const path = join(dataDir, 'local-proof');
  const proof = randomBytes(32).toString('hex');
  rmSync(path, { force: true });
  writeFileSync(path, proof, { mode: 0o600 });
  const response = await fetch(`${daemon.url}/v1/owner/recover`, {
    method: 'POST',
    headers: { 'x-master-password': password, 'x-local-proof': proof },
  });
  return { status: response.status, body: await response.json() };
}
