import { stringify } from 'smol-toml';
import { envNamesOf } from './env-names.ts';
import { CONFIG_KEYS, CONFIG_SECTIONS } from './keys.ts';

const HEAD = `# Settings of the WAIaaS daemon.
#
# This file holds a secret (security.jwt_secret): keep it readable by the owner only.
# A line that starts with "#" shows the default. The environment overrides this file, flags override both.
# Paths are relative to the data directory.
`;

const tomlLine = (key: string, value: unknown): string => stringify({ [key]: value }).trim();

/**
 * The config.toml that init writes: every key with what it does, what it takes and its variable, commented out at its
 * default, and the one value that must be this daemon's own.
 *
 * @param jwtSecret 64 hex characters from a CSPRNG
 */
export function configTemplate(jwtSecret: string): string {
  const sections = CONFIG_SECTIONS.map((section) => {
    const keys = CONFIG_KEYS.filter(({ path }) => path.slice(0, -1).join('.') === section);
    const lines = keys.map((key) => {
      const word = key.path.at(-1) ?? key.name;
      const line =
        key.name === 'security.jwt_secret' ? tomlLine(word, jwtSecret) : `# ${tomlLine(word, key.defaultValue)}`;
      return `# ${key.about} ${capital(key.expected)}. ${envNamesOf(key).join(' or ')}\n${line}\n`;
    });
    return keys.length === 0 ? '' : `\n[${section}]\n${lines.join('')}`;
  });
  return HEAD + sections.join('');
}

const capital = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1);
