import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, corsOrigins, loadConfig, printableConfig, rpcEndpoints } from './index.ts';
import { configSecrets } from './printable.ts';

const SECRET = 'f'.repeat(64);
let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'waiaas-config-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const write = (text: string): void => writeFileSync(join(dataDir, 'config.toml'), text);
type Env = Readonly<Record<string, string>>;
const load = (env: Env = {}, flags = {}) =>
  loadConfig({ dataDir, env: { WAIAAS_SECURITY_JWT_SECRET: SECRET, ...env }, flags });
const failure = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('The configuration was accepted');
};

describe('layers', () => {
  test('no file: every default applies', () => {
    const { config, warnings } = load();
    expect(config.daemon.port).toBe(3100);
    expect(config.security.policy_defaults).toEqual({ delay_seconds: 900, approval_timeout: 3600 });
    expect(config.rpc.solana.localnet).toEqual(['http://127.0.0.1:8899']);
    expect(config.rpc.ethereum).toEqual({ mainnet: [], sepolia: [], localnet: ['http://127.0.0.1:8545'] });
    expect(warnings).toEqual([]);
  });

  test('defaults < file < environment < flags', () => {
    write('[daemon]\nport = 4001\nlog_level = "warn"\nlog_max_files = 7\n');
    expect(load().config.daemon).toMatchObject({
      port: 4001,
      log_level: 'warn',
      log_max_files: 7,
      hostname: '127.0.0.1',
    });
    expect(load({ WAIAAS_DAEMON_PORT: '4002' }).config.daemon.port).toBe(4002);
    expect(load({ WAIAAS_DAEMON_PORT: '4002' }, { port: '4003' }).config.daemon.port).toBe(4003);
  });

  test('a table with one key keeps the other defaults', () => {
    write('[security.kill_switch]\nmax_recovery_attempts = 9\n');
    expect(load().config.security.kill_switch).toEqual({ recovery_cooldown: 1800, max_recovery_attempts: 9 });
  });

  test('nested tables are reached from the environment', () => {
    const { config } = load({
      WAIAAS_SECURITY_KILL_SWITCH_RECOVERY_COOLDOWN: '601',
      WAIAAS_RPC_SOLANA_WS_MAINNET: 'wss://ws.example.org',
      WAIAAS_SECURITY_RATE_LIMIT_TX_RPM: '1000000',
      WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '0',
    });
    expect(config.security.kill_switch.recovery_cooldown).toBe(601);
    expect(config.rpc.solana.ws.mainnet).toEqual(['wss://ws.example.org']);
    expect(config.security.rate_limit_tx_rpm).toBe(1_000_000);
    expect(config.notifications.min_channels).toBe(0);
  });

  test('the short name of the log level works, the long one wins', () => {
    expect(load({ WAIAAS_LOG_LEVEL: 'debug' }).config.daemon.log_level).toBe('debug');
    expect(load({ WAIAAS_LOG_LEVEL: 'debug', WAIAAS_DAEMON_LOG_LEVEL: 'error' }).config.daemon.log_level).toBe('error');
    expect(load({ WAIAAS_TELEGRAM_BOT_TOKEN: '123' }).config.telegram_bot.bot_token).toBe('123');
  });
});

describe('types', () => {
  test('digits-only texts stay texts', () => {
    const digits = '1'.repeat(40);
    const { config } = load({ WAIAAS_SECURITY_JWT_SECRET: digits, WAIAAS_TELEGRAM_BOT_OWNER_CHAT_ID: '42' });
    expect(config.security.jwt_secret).toBe(digits);
    expect(config.telegram_bot.owner_chat_id).toBe('42');
    expect(
      load({ WAIAAS_TELEGRAM_BOT_DIRECT_APPROVE_THRESHOLD: '0.5' }).config.telegram_bot.direct_approve_threshold,
    ).toBe('0.5');
  });

  test('RPC endpoints: one text, a list, JSON in the environment', () => {
    write('[rpc.solana]\nmainnet = "https://a.example"\ndevnet = ["https://b.example", "https://c.example"]\n');
    const { config } = load({ WAIAAS_RPC_SOLANA_TESTNET: '["https://d.example","https://e.example"]' });
    expect(config.rpc.solana.mainnet).toEqual(['https://a.example']);
    expect(config.rpc.solana.devnet).toEqual(['https://b.example', 'https://c.example']);
    expect(config.rpc.solana.testnet).toEqual(['https://d.example', 'https://e.example']);
  });

  test.each([
    ['WAIAAS_DAEMON_PORT', ''],
    ['WAIAAS_DAEMON_PORT', ' 3100'],
    ['WAIAAS_DAEMON_PORT', '0xC1C'],
    ['WAIAAS_DAEMON_PORT', '4e3'],
    ['WAIAAS_DAEMON_PORT', '3100.5'],
    ['WAIAAS_DAEMON_PORT', 'Infinity'],
    ['WAIAAS_DAEMON_PORT', '80'],
    ['WAIAAS_DAEMON_PORT', '65536'],
    ['WAIAAS_DAEMON_HOSTNAME', '::1'],
    ['WAIAAS_DAEMON_HOSTNAME', ''],
    ['WAIAAS_DAEMON_LOG_LEVEL', 'INFO'],
    ['WAIAAS_LOG_LEVEL', 'loud'],
    ['WAIAAS_DAEMON_LOG_MAX_SIZE', '500KB'],
    ['WAIAAS_DAEMON_LOG_MAX_SIZE', '2GB'],
    ['WAIAAS_KEYSTORE_BACKUP_ON_ROTATE', 'yes'],
    ['WAIAAS_KEYSTORE_BACKUP_ON_ROTATE', '1'],
    ['WAIAAS_NOTIFICATIONS_MIN_CHANNELS', '11'],
    ['WAIAAS_SECURITY_RATE_LIMIT_GLOBAL_RPM', '1000001'],
    ['WAIAAS_SECURITY_CORS_ORIGINS', 'http://localhost:1'],
    ['WAIAAS_SECURITY_CORS_ORIGINS', '["*"]'],
    ['WAIAAS_RPC_SOLANA_MAINNET', ''],
    ['WAIAAS_RPC_SOLANA_MAINNET', 'ftp://x.example'],
    ['WAIAAS_RPC_SOLANA_MAINNET', '[]'],
    ['WAIAAS_RPC_SOLANA_MAINNET', '["https://ok.example", 5]'],
    ['WAIAAS_RPC_SOLANA_WS_DEVNET', 'https://x.example'],
  ])('%s=%j is refused by name', (name, value) => {
    expect(failure(() => load({ [name]: value }))).toContain(name);
  });

  test('errors name key, source and range', () => {
    expect(failure(() => load({}, { port: '80' }))).toBe(
      'daemon.port (from --port) is 80 but must be a whole number from 1024 to 65535.',
    );
    write('[daemon]\nport = "3100"\n[security]\nmax_pending_tx = 0\n');
    const message = failure(() => load());
    expect(message).toContain('daemon.port (from config.toml) is "3100" but must be a whole number');
    expect(message).toContain(
      'security.max_pending_tx (from config.toml) is 0 but must be a whole number from 1 to 100.',
    );
  });

  test('a key where a table belongs, and a table where a value belongs', () => {
    write('daemon = 3\n');
    expect(failure(() => load())).toContain('daemon (from config.toml) must be a table');
    write('[daemon.port]\nx = 1\n');
    expect(failure(() => load())).toContain('daemon.port (from config.toml) must be');
  });

  test('only the value that wins is judged', () => {
    write('[daemon]\nport = 99\n');
    expect(load({ WAIAAS_DAEMON_PORT: '5000' }).config.daemon.port).toBe(5000);
    expect(failure(() => load())).toContain('99');
  });
});

describe('the file', () => {
  test('malformed TOML names the line and does not quote it', () => {
    write('[security]\njwt_secret = "super-secret-value-of-the-file\n');
    const message = failure(() => load());
    expect(message).toMatch(/config\.toml is not valid TOML: line 2/);
    expect(message).not.toContain('super-secret');
  });

  test('integers beyond 2^53 are refused', () => {
    write('[database]\nmmap_size = 9007199254740993\n');
    expect(failure(() => load())).toContain('not valid TOML');
  });

  test('a file that is there but cannot be read is fatal', () => {
    mkdirSync(join(dataDir, 'config.toml'));
    expect(failure(() => load())).toContain('cannot be read (EISDIR)');
  });

  test('unknown keys, tables and variables are warned about, each by name', () => {
    write('color = "red"\n[daemon]\nprot = 1\n[deamon]\nport = 1\n');
    expect(load({ WAIAAS_DEAMON_PORT: '1', WAIAAS_DATA_DIR: '/x', WAIAAS_SESSION_TOKEN: 'x' }).warnings).toEqual([
      'config.toml: unknown key color is ignored.',
      'config.toml: unknown key daemon.prot is ignored.',
      'config.toml: unknown key deamon is ignored.',
      'Environment: unknown variable WAIAAS_DEAMON_PORT is ignored.',
    ]);
  });

  test('keys named like object internals change nothing', () => {
    write('[__proto__]\nport = 1\n[daemon.constructor]\nx = 1\n');
    const { config } = load();
    expect(config.daemon.port).toBe(3100);
    expect(Object.hasOwn(Object.prototype, 'port')).toBe(false);
  });

  test('settings without effect and weak settings are warned about', () => {
    const { warnings } = load({
      WAIAAS_TELEGRAM_BOT_DIRECT_APPROVE_ENABLED: 'true',
      WAIAAS_KEYSTORE_ARGON2_MEMORY: '32768',
    });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(
      'telegram_bot.direct_approve_enabled (from WAIAAS_TELEGRAM_BOT_DIRECT_APPROVE_ENABLED) has no effect',
    );
    expect(warnings[1]).toContain('keystore.argon2_memory is 32768');
  });
});

describe('secrets', () => {
  test('an empty or short jwt_secret is refused; commands that only talk to the daemon do without', () => {
    expect(failure(() => loadConfig({ dataDir, env: {} }))).toContain(
      'security.jwt_secret (from config.toml) is empty',
    );
    write('[security]\njwt_secret = ""\n');
    expect(failure(() => loadConfig({ dataDir, env: {} }))).toContain('security.jwt_secret');
    expect(loadConfig({ dataDir, env: {}, secretRequired: false }).config.security.jwt_secret).toBe('');
    for (const secretRequired of [true, false]) {
      const message = failure(() =>
        loadConfig({ dataDir, env: { WAIAAS_SECURITY_JWT_SECRET: 'short-canary' }, secretRequired }),
      );
      expect(message).toContain('at least 32 characters');
      expect(message).not.toContain('short-canary');
    }
  });

  test('the token of the bot comes from a file as well, read without the line end; the variable wins', () => {
    const path = join(dataDir, 'bot-token');
    writeFileSync(path, '42:from-a-file\n');
    const env = { WAIAAS_TELEGRAM_BOT_TOKEN_FILE: path };
    expect(load(env).config.telegram_bot.bot_token).toBe('42:from-a-file');
    expect(load({ ...env, WAIAAS_TELEGRAM_BOT_TOKEN: '42:from-env' }).config.telegram_bot.bot_token).toBe(
      '42:from-env',
    );
    expect(failure(() => load({ WAIAAS_TELEGRAM_BOT_TOKEN_FILE: join(dataDir, 'nowhere') }))).toContain(
      'WAIAAS_TELEGRAM_BOT_TOKEN_FILE',
    );
  });

  test('nothing printable holds a secret or the path of an RPC URL', () => {
    const { config } = load({
      WAIAAS_TELEGRAM_BOT_TOKEN: 'bot-canary',
      WAIAAS_NOTIFICATIONS_DISCORD_WEBHOOK_URL: 'https://hook-canary.example',
      WAIAAS_RPC_SOLANA_MAINNET: 'https://rpc.example/v2/key-canary?k=key-canary',
    });
    const shown = JSON.stringify(printableConfig(config));
    expect(shown).not.toMatch(/canary|ffff/);
    expect(shown).toContain('https://rpc.example/***');
    expect(configSecrets(config)).toEqual(expect.arrayContaining([SECRET, 'bot-canary']));
    expect(failure(() => load({ WAIAAS_RPC_SOLANA_MAINNET: 'htps://rpc.example/key-canary' }))).not.toContain('canary');
  });
});

describe('what is derived', () => {
  test('mainnet-beta is found under mainnet; WebSocket endpoints follow the RPC endpoints', () => {
    const { config } = load();
    expect(rpcEndpoints(config, 'solana', 'mainnet-beta')).toEqual({
      http: ['https://api.mainnet-beta.solana.com'],
      ws: ['wss://api.mainnet-beta.solana.com'],
      key: 'rpc.solana.mainnet',
    });
    expect(rpcEndpoints(config, 'solana', 'localnet').ws).toEqual(['ws://127.0.0.1:8900']);
    const moved = load({ WAIAAS_RPC_SOLANA_MAINNET: 'https://rpc.example/key?x=1' }).config;
    expect(rpcEndpoints(moved, 'solana', 'mainnet-beta').ws).toEqual(['wss://rpc.example/key?x=1']);
    expect(rpcEndpoints(config, 'ethereum', 'sepolia')).toEqual({ http: [], ws: [], key: 'rpc.ethereum.sepolia' });
    expect(() => rpcEndpoints(config, 'solana', 'sepolia')).toThrow(RangeError);
  });

  test('origins follow the real port', () => {
    expect(corsOrigins(load().config, 4000)).toEqual([
      'http://localhost:3100',
      'http://127.0.0.1:3100',
      'http://localhost:4000',
      'http://127.0.0.1:4000',
      'tauri://localhost',
    ]);
  });

  test('a mapped port is an origin, too', () => {
    const { config } = load({ WAIAAS_SECURITY_EXTRA_HOSTS: '["localhost:8080", "127.0.0.1:8080"]' });
    expect(corsOrigins(config, 3100)).toEqual(
      expect.arrayContaining(['http://localhost:8080', 'http://127.0.0.1:8080', 'http://127.0.0.1:3100']),
    );
  });

  test.each([
    'wallet.example:8080',
    '0.0.0.0:8080',
    '[::1]:8080',
    'localhost',
    'localhost:0',
    'localhost:65536',
    'localhost:08080',
    'localhost:8080/',
    'LOCALHOST:8080',
    'http://localhost:8080',
    'localhost:8080.evil.com',
  ])('%s is no name of this machine with a port', (host) => {
    expect(() => load({ WAIAAS_SECURITY_EXTRA_HOSTS: JSON.stringify([host]) })).toThrow(ConfigError);
  });
});
