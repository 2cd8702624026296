import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { isSystemError } from '../system-error.ts';
import { ConfigError } from './config-error.ts';

const fail = (path: string, message: string): never => {
  throw new ConfigError([{ key: path, source: 'config.toml', message }]);
};

/**
 * Reads a TOML file. A file that is not there is an empty one; anything else that stops it from being read is fatal.
 * @throws ConfigError naming the file, and the line where it is malformed. The text of the line is left out: it may hold
 *   a secret.
 */
export function readTomlFile(path: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return {};
    return fail(path, `${path} cannot be read (${isSystemError(error) ? error.code : 'it is not UTF-8'}).`);
  }
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason = ''] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    return fail(path, `${path} is not valid TOML: line ${error.line}, column ${error.column}: ${reason}`);
  }
}
