import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { policyCreateSchema } from '@waiaas/core';
import { startLocalnet } from '@waiaas/localnet';
import { expect, test } from 'vitest';
import { freePort } from '../processes.ts';
import { installProduct, publishedPackages } from './install-product.ts';

/* What the documents tell people to type, typed; with the packages as they are published. */

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, 'docs', name), 'utf8');
const blocks = (text: string): readonly { readonly language: string; readonly code: string }[] =>
  [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', code = '']) => ({ language, code }));

/** Tools that the documents use and that need not be on this machine; they do what is needed of them. */
const TOOLS: Readonly<Record<string, string>> = {
  jq: `import { readFileSync } from 'node:fs';
    let value = JSON.parse(readFileSync(process.argv[4] ?? 0, 'utf8'));
    for (const part of process.argv[3].match(/[A-Za-z]+|\\d+/g)) value = value[part];
    console.log(value);`,
  solana: `const [, address] = /airdrop 2 (\\S+) --url localnet/.exec(process.argv.slice(2).join(' '));
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'requestAirdrop', params: [address, 2_000_000_000] });
    await fetch(process.env.LEDGER, { method: 'POST', headers: { 'content-type': 'application/json' }, body });`,
  'solana-keygen': `import { generateKeyPairSync } from 'node:crypto';
    import { readFileSync, writeFileSync } from 'node:fs';
    const [what, ...rest] = process.argv.slice(2);
    if (what === 'new') {
      const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
      const bytes = [...Buffer.from(jwk.d, 'base64url'), ...Buffer.from(jwk.x, 'base64url')];
      writeFileSync(rest.at(-1), JSON.stringify(bytes), { mode: 0o600 });
    } else {
      const letters = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
      let number = BigInt('0x' + Buffer.from(JSON.parse(readFileSync(rest[0], 'utf8')).slice(32)).toString('hex'));
      let text = '';
      for (; number > 0n; number /= 58n) text = letters[Number(number % 58n)] + text;
      console.log(text);
    }`,
  // What is asked for is installed already, from the tarballs.
  npm: `const names = ${JSON.stringify(publishedPackages().map(({ name }) => name))};
    const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-') && word !== 'install');
    if (wanted.length === 0 || wanted.some((name) => !names.includes(name))) process.exit(1);`,
};

test('the quick start works from its first command to its last', async () => {
  const product = await installProduct(['waiaas', '@waiaas/sdk']);
  const ledger = await startLocalnet({ slotMs: 100 });
  const home = mkdtempSync(join(tmpdir(), 'waiaas-docs-'));
  try {
    const bin = join(home, 'bin');
    mkdirSync(bin);
    for (const [name, script] of Object.entries(TOOLS)) {
      writeFileSync(join(bin, `${name}.mjs`), script);
      writeFileSync(join(bin, name), `#!/bin/sh\nexec node ${join(bin, `${name}.mjs`)} "$@"\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const port = await freePort();
    const shell: string[] = ['set -eu'];
    for (const { language, code } of blocks(read('quick-start.md'))) {
      // The ledger of this machine stands in for the one of the document.
      if (language === 'sh') shell.push(code.replaceAll('devnet', 'localnet'));
      else if (language === 'js') writeFileSync(join(product.folder, /^\/\/ (\S+)/.exec(code)?.[1] ?? ''), code);
    }
    const env = {
      PATH: `${bin}:${join(product.folder, 'node_modules', '.bin')}:${process.env.PATH}`,
      HOME: home,
      LEDGER: ledger.rpcUrl,
      WAIAAS_RPC_SOLANA_LOCALNET: ledger.rpcUrl,
      WAIAAS_RPC_SOLANA_WS_LOCALNET: ledger.wsUrl,
      WAIAAS_DAEMON_PORT: String(port),
      WAIAAS_BASE_URL: `http://127.0.0.1:${port}`,
      WAIAAS_KEYSTORE_ARGON2_MEMORY: '32768',
      WAIAAS_KEYSTORE_ARGON2_TIME: '1',
    };
    const child = spawn('bash', ['--norc', '-c', shell.join('\n')], {
      cwd: product.folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
    });
    const [code] = await once(child, 'close');
    // Where a command failed in the middle, the daemon is still there.
    await once(spawn('bash', ['--norc', '-c', 'waiaas stop --force'], { env, stdio: 'ignore' }), 'close');
    expect(code, `${out}\n${err}`).toBe(0);
    for (const line of ['CONFIRMED INSTANT', 'QUEUED APPROVAL', 'SESSION_LIMIT_EXCEEDED', 'pay 0.5 SOL', 'intact']) {
      expect(out).toContain(line);
    }
  } finally {
    await ledger.close();
    product.remove();
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);

test('every policy of the cookbook is one that the daemon takes', () => {
  const policies = blocks(read('policy-cookbook.md')).filter(({ language }) => language === 'json');
  expect(policies.length).toBeGreaterThan(6);
  for (const { code } of policies) expect(policyCreateSchema.safeParse(JSON.parse(code)).error, code).toBeUndefined();
});
