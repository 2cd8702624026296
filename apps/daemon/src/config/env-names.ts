import { CONFIG_KEYS, type ConfigKey } from './keys.ts';

const PREFIX = 'WAIAAS_';

/** Shorter names that mean the same; the long one wins where both are set (01 §1.4). */
const ALIASES: Readonly<Record<string, string>> = {
  'daemon.log_level': 'WAIAAS_LOG_LEVEL',
  'telegram_bot.bot_token': 'WAIAAS_TELEGRAM_BOT_TOKEN',
};

/** Variables of the product that are not configuration keys. */
const OTHER_VARIABLES: ReadonlySet<string> = new Set([
  'WAIAAS_DATA_DIR',
  'WAIAAS_MASTER_PASSWORD',
  'WAIAAS_MASTER_PASSWORD_FILE',
  'WAIAAS_TELEGRAM_BOT_TOKEN_FILE',
  'WAIAAS_BASE_URL',
  'WAIAAS_SESSION_TOKEN',
]);

/** The variable of a key: prefix, path in upper case, joined by underscores. */
export const envName = (key: Pick<ConfigKey, 'path'>): string => PREFIX + key.path.join('_').toUpperCase();

/** The variables that set a key, the strongest first. */
export const envNamesOf = (key: ConfigKey): readonly string[] => {
  const alias = ALIASES[key.name];
  return alias === undefined ? [envName(key)] : [envName(key), alias];
};

const KNOWN: ReadonlySet<string> = new Set([...OTHER_VARIABLES, ...CONFIG_KEYS.flatMap(envNamesOf)]);

/** Variables that look like ours but set nothing: a misspelt limit must not vanish in silence. */
export const unknownVariables = (env: Readonly<Record<string, string | undefined>>): readonly string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && env[name] !== undefined && !KNOWN.has(name))
    .sort();
