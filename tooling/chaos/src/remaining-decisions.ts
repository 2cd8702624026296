import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@waiaas/core';
import { createKeystore } from '@waiaas/keystore';
import { createDecisionRecords } from '@waiaas/pipeline';
import { openForReading } from '@waiaas/storage';

/** Every decision that daemons leave behind is made again once they are gone (09 no. 9). */
export interface RemainingDecisions {
  /** Makes those of a new data directory again at the end. */
  add(dataDir: string): void;
  /** Those of a copy, too. */
  addCopy(dataDir: string, of: string): void;
  leaveOut(dataDir: string): void;
  /** @throws Error when one comes out otherwise, or its record is not what the daemon wrote */
  replay(password: string): Promise<void>;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** @param folder for the vaults, which a test may change or take away */
export function createRemainingDecisions(folder: string): RemainingDecisions {
  /** Folder of the vault that sealed what is in them, by data directory. */
  const vaults = new Map<string, string>();

  return {
    add(dataDir) {
      const vault = join(folder, `vault-${vaults.size}`);
      mkdirSync(vault, { mode: 0o700 });
      copyFileSync(join(dataDir, 'keystore', 'vault.json'), join(vault, 'vault.json'));
      vaults.set(dataDir, vault);
    },
    addCopy(dataDir, of) {
      const vault = vaults.get(of);
      if (vault !== undefined) vaults.set(dataDir, vault);
    },
    leaveOut: (dataDir) => void vaults.delete(dataDir),
    async replay(password) {
      const left = [...vaults].filter(([dataDir]) => existsSync(join(dataDir, 'data', 'waiaas.db')));
      const faults: string[] = [];
      for (const [vault, directories] of Map.groupBy(left, ([, name]) => name)) {
        const { keystore } = createKeystore({
          directory: vault,
          clock: systemClock,
          logger: silent,
          argon2: { memoryCost: 32_768, timeCost: 1, parallelism: 1 },
        });
        await keystore.withSeals(password, async (sealer) => {
          for (const [dataDir] of directories) {
            const { read, close } = openForReading({ path: join(dataDir, 'data', 'waiaas.db') });
            try {
              const report = await createDecisionRecords({ read, sealer }).replay();
              if (report.faultCount > 0) faults.push(`${dataDir}: ${JSON.stringify(report.faults)}`);
            } finally {
              close();
            }
          }
        });
      }
      if (faults.length > 0) throw new Error(`Decisions come out otherwise:\n${faults.join('\n')}`);
    },
  };
}
