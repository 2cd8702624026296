import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIdGenerator, systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { createAgentManagement } from '@waiaas/management';
import { openStorage } from '@waiaas/storage';
import { silent } from './bench-world.ts';

/* Gives an initialised data directory so many agents: fill-agents <data dir> <password file> <count>. */
const [dataDir = '', passwordFile = '', count = '0'] = process.argv.slice(2);
const clock = systemClock;
const { keystore } = createKeystore({
  directory: join(dataDir, 'keystore'),
  clock,
  logger: silent,
  argon2: { memoryCost: 65_536, timeCost: 3, parallelism: 4 },
});
const storage = openStorage({
  path: join(dataDir, 'data', 'waiaas.db'),
  backupFolder: join(dataDir, 'backups'),
  clock,
  sealer: keystore.sealer,
});
await keystore.unlock(readFileSync(passwordFile, 'utf8').trim());
const { sealer } = keystore;
const ids = createIdGenerator(clock, randomBytes);
const agents = createAgentManagement({ storage, keystore, sealer, clock, ids, isSupported: () => true });
for (let index = 0; index < Number(count); index++) {
  await agents.create(
    { name: `agent ${index}`, chain: 'solana', network: 'localnet' },
    { actor: { kind: 'operator' }, confirmCredential: () => undefined },
  );
}
await storage.close();
keystore.lock();
