import type { Setting } from './layers.ts';
import type { Config } from './schema.ts';

/** Keys that are read and checked but drive nothing yet; setting one is answered with a warning, never with silence. */
const WITHOUT_EFFECT: readonly (readonly [prefix: string, reason: string])[] = [
  ['notifications.telegram.', 'channels are kept in the database'],
  ['notifications.discord.', 'channels are kept in the database'],
  ['notifications.ntfy.', 'channels are kept in the database'],
  ['rpc.ethereum.', 'this version has no adapter for that chain'],
  ['rpc.polygon.', 'this version has no adapter for that chain'],
  ['rpc.arbitrum.', 'this version has no adapter for that chain'],
  ['keystore.backup_on_rotate', 'the former vault is always kept in backups'],
  ['walletconnect.', 'this version links owner wallets by signature only'],
  ['telegram_bot.direct_approve_', "a payment is approved by a signature of the owner's wallet and by nothing else"],
];

/** What is allowed but should be known: weak or exposed settings, and settings that do nothing. */
export function configAdvice(config: Config, settings: readonly Setting[]): readonly string[] {
  const advice: string[] = [];
  for (const { key, source } of settings) {
    const found = WITHOUT_EFFECT.find(([prefix]) => key.name.startsWith(prefix));
    if (found !== undefined) advice.push(`${key.name} (from ${source}) has no effect: ${found[1]}.`);
  }
  const { argon2_memory, argon2_time, argon2_parallelism } = config.keystore;
  for (const [name, value, advised] of [
    ['argon2_memory', argon2_memory, 65_536],
    ['argon2_time', argon2_time, 3],
    ['argon2_parallelism', argon2_parallelism, 4],
  ] as const) {
    if (value < advised) advice.push(`keystore.${name} is ${value}: below ${advised} the password is easier to guess.`);
  }
  if (!config.security.auto_stop.enabled) {
    advice.push('security.auto_stop.enabled is false: no rule warns of an agent that misbehaves, or stops it.');
  }
  if (config.daemon.hostname === '0.0.0.0') {
    advice.push('daemon.hostname is 0.0.0.0: the API listens on every interface. Only do this inside a container.');
  }
  return advice;
}
