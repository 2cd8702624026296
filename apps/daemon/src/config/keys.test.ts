import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { envNamesOf } from './env-names.ts';
import { CONFIG_KEYS, CONFIG_SECTIONS, type ConfigKey } from './keys.ts';
import { loadConfig } from './load-config.ts';
import { printableConfig } from './printable.ts';
import { configTemplate } from './template.ts';

const SECRET = '0'.repeat(64);

/** A legal value of a key other than its default, in its text form. */
function otherValue(key: ConfigKey): string {
  const special: Readonly<Record<string, string>> = {
    'daemon.hostname': '0.0.0.0',
    'daemon.log_level': 'trace',
    'daemon.log_max_size': '2MB',
    'security.jwt_secret': 'x'.repeat(40),
    'security.cors_origins': '["https://other.example"]',
    'security.extra_hosts': '["127.0.0.1:8080"]',
    'notifications.allowed_networks': '["192.168.1.0/24"]',
    'telegram_bot.api_url': 'https://bot-api.example',
    'telegram_bot.direct_approve_threshold': '2.5',
  };
  const found = special[key.name];
  if (found !== undefined) return found;
  if (key.kind === 'integer') return String(Number(key.defaultValue) + 1);
  if (key.kind === 'boolean') return String(key.defaultValue !== true);
  if (key.kind === 'text-or-list') return key.name.includes('.ws.') ? 'wss://other.example' : 'https://other.example';
  return 'another-value';
}

describe('every key', () => {
  test('has variables of its own', () => {
    const names = CONFIG_KEYS.flatMap(envNamesOf);
    expect(new Set(names).size).toBe(names.length);
    expect(CONFIG_KEYS.length).toBeGreaterThan(60);
  });

  test.each(CONFIG_KEYS.flatMap((key) => envNamesOf(key).map((name) => [name, key] as const)))(
    '%s reaches its key and no other',
    (name, key) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'waiaas-keys-'));
      try {
        const base = { WAIAAS_SECURITY_JWT_SECRET: SECRET };
        const before = loadConfig({ dataDir, env: base }).config;
        const after = loadConfig({ dataDir, env: { ...base, [name]: otherValue(key) } }).config;
        const changed = CONFIG_KEYS.filter(({ path }) => {
          const at = (tree: unknown): unknown =>
            path.reduce<unknown>((node, word) => new Map(Object.entries(node ?? {})).get(word), tree);
          return JSON.stringify(at(before)) !== JSON.stringify(at(after));
        });
        expect(changed.map((one) => one.name)).toEqual([key.name]);
      } finally {
        rmSync(dataDir, { recursive: true });
      }
    },
  );

  test('is in the generated file, which reads back as the defaults', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'waiaas-template-'));
    try {
      const text = configTemplate(SECRET);
      for (const section of CONFIG_SECTIONS) {
        if (CONFIG_KEYS.some(({ path }) => path.slice(0, -1).join('.') === section))
          expect(text).toContain(`[${section}]`);
      }
      const defaults = loadConfig({ dataDir, env: { WAIAAS_SECURITY_JWT_SECRET: SECRET } });
      writeFileSync(join(dataDir, 'config.toml'), text);
      expect(loadConfig({ dataDir, env: {} })).toEqual(defaults);
      const keysOnly = text.replace(/^# ([a-z0-9_]+ = )/gm, '$1');
      writeFileSync(join(dataDir, 'config.toml'), keysOnly);
      const uncommented = loadConfig({ dataDir, env: { WAIAAS_SECURITY_JWT_SECRET: SECRET } });
      expect(printableConfig(uncommented.config)).toEqual(printableConfig(defaults.config));
      expect(uncommented.warnings.filter((line) => line.includes('unknown'))).toEqual([]);
    } finally {
      rmSync(dataDir, { recursive: true });
    }
  });
});
