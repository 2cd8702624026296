import { isNetworkRange } from '@waiaas/notifications/network-range';
import { z } from 'zod';
import { flag, integer, list, oneOf, text, textOrList } from './key.ts';
import { parseLogSize } from './log-size.ts';
import { isLocalHost, isOrigin, isUrl } from './url.ts';

/** Shortest secret that signs session tokens, characters (01 §1.5). */
export const JWT_SECRET_MIN = 32;
/** Upper end of every request limit, per minute (00 §3). */
const RATE_MAX = 1_000_000;

const section = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.object(shape);

const rpc = (network: string, fallback: string[]) =>
  textOrList(`RPC endpoints of ${network}, best first.`, fallback, {
    expected: 'an http(s) URL or a list of them',
    accepts: (value) => isUrl(value, ['http:', 'https:']),
    mayBeEmpty: false,
  });
const optionalRpc = (network: string, fallback: string[]) =>
  textOrList(`RPC endpoints of ${network}, best first; empty: the network cannot be used.`, fallback, {
    expected: 'an http(s) URL, a list of them, or empty',
    accepts: (value) => isUrl(value, ['http:', 'https:']),
    mayBeEmpty: true,
  });
const webSocket = (network: string) =>
  textOrList(`WebSocket endpoints of ${network}; empty: derived from the RPC endpoints.`, [], {
    expected: 'a ws(s) URL, a list of them, or empty',
    accepts: (value) => isUrl(value, ['ws:', 'wss:']),
    mayBeEmpty: true,
  });

const maxFee = (chain: string, fallback: number) =>
  integer(
    `Most that one payment on ${chain} may cost in network fees, however often it is signed again.`,
    fallback,
    1,
    1_000_000_000_000,
    'billionths of its native asset',
  );

const file = (about: string, fallback: string) =>
  text(
    about,
    fallback,
    'a path, absolute or relative to the data directory',
    (value) => value !== '' && !value.includes('\0'),
  );

/**
 * Every configuration key with its type, range and default (01 §1.5, ranges of 00 §3). The environment names, the error
 * texts and the generated config.toml are all derived from this one object.
 */
export const configSchema = section({
  daemon: section({
    port: integer('TCP port of the API.', 3100, 1024, 65_535),
    hostname: oneOf(
      'Address to listen on. 0.0.0.0 is for containers only; publish the port on 127.0.0.1 there.',
      ['127.0.0.1', '0.0.0.0'],
      '127.0.0.1',
    ),
    log_level: oneOf('How much to log.', ['trace', 'debug', 'info', 'warn', 'error'], 'info', { reload: true }),
    log_file: file('Log file.', 'logs/daemon.log'),
    log_max_size: text(
      'Size at which the log file is rotated.',
      '50MB',
      'a size from 1MB to 1GB, such as 50MB',
      (value) => parseLogSize(value) !== null,
      { reload: true },
    ),
    log_max_files: integer('Rotated log files to keep.', 5, 1, 100, '', { reload: true }),
    pid_file: file('File with the process id of the running daemon.', 'daemon.pid'),
    shutdown_timeout: integer('Longest graceful shutdown.', 30, 5, 300, 'seconds', { reload: true }),
  }).prefault({}),
  keystore: section({
    argon2_memory: integer('Memory of the password hash.', 65_536, 32_768, 1_048_576, 'KiB'),
    argon2_time: integer('Passes of the password hash.', 3, 1, 20),
    argon2_parallelism: integer('Lanes of the password hash.', 4, 1, 16),
    backup_on_rotate: flag('Take a backup before a password change.', true),
  }).prefault({}),
  database: section({
    path: file('Database file.', 'data/waiaas.db'),
    wal_checkpoint_interval: integer('Time between checkpoints of the write-ahead log.', 300, 60, 3600, 'seconds'),
    busy_timeout: integer('How long to wait for a lock of the database.', 5000, 1000, 30_000, 'milliseconds'),
    cache_size: integer('Page cache.', 64_000, 2000, 512_000, 'KiB'),
    mmap_size: integer('Memory-mapped part of the database.', 268_435_456, 0, 1_073_741_824, 'bytes'),
  }).prefault({}),
  rpc: section({
    solana: section({
      mainnet: rpc('Solana mainnet-beta', ['https://api.mainnet-beta.solana.com']),
      devnet: rpc('Solana devnet', ['https://api.devnet.solana.com']),
      testnet: rpc('Solana testnet', ['https://api.testnet.solana.com']),
      localnet: rpc('a local Solana ledger', ['http://127.0.0.1:8899']),
      ws: section({
        mainnet: webSocket('Solana mainnet-beta'),
        devnet: webSocket('Solana devnet'),
        testnet: webSocket('Solana testnet'),
        localnet: webSocket('a local Solana ledger'),
      }).prefault({}),
    }).prefault({}),
    ethereum: section({
      mainnet: optionalRpc('Ethereum mainnet', []),
      sepolia: optionalRpc('Ethereum Sepolia', []),
      localnet: optionalRpc('a local Ethereum node', ['http://127.0.0.1:8545']),
    }).prefault({}),
    polygon: section({
      mainnet: optionalRpc('Polygon', ['https://polygon-rpc.com']),
      amoy: optionalRpc('Polygon Amoy', []),
    }).prefault({}),
    arbitrum: section({
      mainnet: optionalRpc('Arbitrum One', ['https://arb1.arbitrum.io/rpc']),
      sepolia: optionalRpc('Arbitrum Sepolia', []),
    }).prefault({}),
    base: section({ mainnet: optionalRpc('Base', []), sepolia: optionalRpc('Base Sepolia', []) }).prefault({}),
  }).prefault({}),
  fees: section({
    max: section({
      ethereum: maxFee('Ethereum', 50_000_000),
      polygon: maxFee('Polygon', 5_000_000_000),
      arbitrum: maxFee('Arbitrum', 10_000_000),
      base: maxFee('Base', 10_000_000),
    }).prefault({}),
    replace_after: integer(
      'How long a payment may wait on an EVM chain whose fees have risen, before it is signed again for a higher fee. Each further time twice as long.',
      180,
      30,
      86_400,
      'seconds',
    ),
    max_replacements: integer('How often one payment is signed again for a higher fee; 0 is never.', 5, 0, 10),
  }).prefault({}),
  notifications: section({
    enabled: flag('Send notifications to the owner, once there are channels.', true),
    min_channels: integer(
      'Channels that must reach the owner before a payment may run without approval; 0 switches the rule off.',
      2,
      0,
      10,
    ),
    health_check_interval: integer('Time between channel checks.', 300, 60, 3600, 'seconds'),
    log_retention_days: integer('How long the notification log is kept.', 30, 7, 365, 'days'),
    daily_summary: flag('Tell the owner each day what happened the day before, UTC.', false),
    dedup_ttl: integer('Time in which an equal notification is sent once.', 300, 60, 3600, 'seconds'),
    allowed_networks: list(
      'Private networks that notifications may go to, such as a server of your own. None: only the public internet.',
      [],
      'a list of networks such as "192.168.1.0/24"',
      isNetworkRange,
    ),
    telegram: section({
      bot_token: text('Ignored: channels are kept in the database.', '', 'a text', undefined, { secret: true }),
      chat_id: text('Ignored: channels are kept in the database.', ''),
    }).prefault({}),
    discord: section({
      webhook_url: text('Ignored: channels are kept in the database.', '', 'a text', undefined, { secret: true }),
    }).prefault({}),
    ntfy: section({
      server: text('Ignored: channels are kept in the database.', 'https://ntfy.sh'),
      topic: text('Ignored: channels are kept in the database.', '', 'a text', undefined, { secret: true }),
    }).prefault({}),
  }).prefault({}),
  security: section({
    session_ttl: integer('Life of a session unless told otherwise.', 86_400, 300, 604_800, 'seconds'),
    jwt_secret: text(
      'Signs session tokens. Changing it ends all sessions.',
      '',
      `a text of at least ${JWT_SECRET_MIN} characters`,
      (value) => value === '' || value.length >= JWT_SECRET_MIN,
      { secret: true },
    ),
    session_absolute_lifetime: integer(
      'Longest life of a session with all its renewals.',
      2_592_000,
      86_400,
      7_776_000,
      'seconds',
    ),
    default_max_renewals: integer('Renewals of a session that does not choose a number; 0 is none.', 30, 0, 100),
    max_sessions_per_agent: integer('Live sessions of one agent.', 5, 1, 50),
    max_pending_tx: integer('Transactions of one agent under way at once.', 10, 1, 100),
    allow_program_recipients: flag(
      'Pay Solana addresses that nobody has a key of, such as the vault of a multisig. Most belong to programs that keep what they get.',
      false,
    ),
    max_account_rent_daily: integer(
      'Most that payments of one agent may put into token accounts they open for recipients, in any 24 hours; what the owner approves does not count.',
      20_000_000,
      0,
      1_000_000_000_000,
      'lamports',
    ),
    nonce_cache_max: integer('Used nonces remembered at once, each until it would have expired.', 1000, 100, 10_000),
    nonce_cache_ttl: integer('Life of a nonce.', 300, 60, 600, 'seconds'),
    rate_limit_global_rpm: integer('Requests per minute and address.', 100, 10, RATE_MAX),
    rate_limit_session_rpm: integer('Requests per minute and session.', 300, 10, RATE_MAX),
    rate_limit_tx_rpm: integer('Payments per minute and session.', 10, 1, RATE_MAX),
    cors_origins: list(
      'Origins of pages that may use the API.',
      ['http://localhost:3100', 'http://127.0.0.1:3100'],
      'a list of origins such as "http://localhost:3100"',
      isOrigin,
    ),
    extra_hosts: list(
      'Names under which this machine reaches the daemon besides those of its own port, for a port that a container or a tunnel maps: taken as Host, as Origin and in texts that the owner signs.',
      [],
      'a list of localhost or 127.0.0.1 with a port, such as "127.0.0.1:8080"',
      isLocalHost,
    ),
    integrity_check_interval: integer(
      'Time between checks of the key files; one that is missing or was altered engages the kill switch. 0 is off.',
      0,
      0,
      86_400,
      'seconds',
    ),
    audit: section({
      anchor_file: file(
        'File that receives the sealed end of the audit log, outside the database; best on another disk.',
        'audit-heads.log',
      ),
      anchor_interval: integer('Time between two lines in that file.', 60, 10, 3600, 'seconds'),
      tell_interval: integer(
        'Time between two messages to the owner with the sealed end of the audit log, for keeping elsewhere; 0 is off.',
        0,
        0,
        168,
        'hours',
      ),
    }).prefault({}),
    auto_stop: section({
      enabled: flag('Whether auto-stop rules are looked at.', true),
      consecutive_failures_threshold: integer(
        'Failures in a row that stop an agent: what the first rule of a new database is set to.',
        3,
        1,
        20,
      ),
    }).prefault({}),
    policy_defaults: section({
      delay_seconds: integer('Cool-down of delayed payments.', 900, 60, 3600, 'seconds'),
      approval_timeout: integer('How long a payment waits for approval.', 3600, 300, 86_400, 'seconds'),
    }).prefault({}),
    kill_switch: section({
      recovery_cooldown: integer(
        'How long the master password is locked after too many wrong ones.',
        1800,
        600,
        86_400,
        'seconds',
      ),
      max_recovery_attempts: integer('Wrong master passwords in a row that lock it, recoveries included.', 5, 1, 10),
    }).prefault({}),
  }).prefault({}),
  walletconnect: section({
    project_id: text('WalletConnect project; empty: owner wallets cannot be linked that way.', ''),
  }).prefault({}),
  telegram_bot: section({
    enabled: flag('Run the Telegram bot.', false),
    bot_token: text('Token of the bot.', '', 'a text', undefined, { secret: true }),
    owner_chat_id: text('Chat of the owner, where it is to be known without pairing.', ''),
    api_url: text(
      'Where the Bot API is; another one is a server of your own.',
      'https://api.telegram.org',
      'an http(s) URL',
      (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    ),
    direct_approve_enabled: flag('Let the bot approve small payments without a signature.', false),
    direct_approve_threshold: text(
      'Largest payment the bot may approve, in SOL.',
      '0',
      'a decimal number in quotes, such as "0.5"',
      (value) => /^(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?$/.test(value),
    ),
  }).prefault({}),
});

/** The whole configuration, checked, with all defaults. */
export type Config = z.infer<typeof configSchema>;
