import { join } from 'node:path';
import { configAdvice } from './advice.ts';
import { ConfigError, type ConfigIssue } from './config-error.ts';
import { envName, unknownVariables } from './env-names.ts';
import { CONFIG_KEYS } from './keys.ts';
import { badValue, type ConfigFlags, envLayer, fileLayer, flagLayer, type Setting, secretFileLayer } from './layers.ts';
import { type Config, configSchema } from './schema.ts';
import { readTomlFile } from './toml-file.ts';

/** Where the configuration comes from. */
export interface ConfigSources {
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: ConfigFlags;
  /** Whether an empty `security.jwt_secret` is fatal: it is for the daemon, not for commands that only talk to it. */
  readonly secretRequired?: boolean;
}

/** The configuration and what should be said about it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

type Tree = { [key: string]: unknown };

function place(tree: Tree, path: readonly string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const child: Tree = { ...(typeof tree[head] === 'object' ? tree[head] : {}) };
  tree[head] = child;
  place(child, rest, value);
}

/**
 * The configuration: defaults, under config.toml, under the environment, under the flags; checked once all layers are
 * merged (01 §1.3), so that no layer slips past a range. Unknown keys and variables become warnings.
 *
 * @throws ConfigError naming every key at fault, where its value came from and what is allowed
 * @example const { config, warnings } = loadConfig({ dataDir, env: process.env, flags: { port: '3200' } });
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const file = fileLayer(readTomlFile(join(sources.dataDir, 'config.toml')));
  const layers = [file, secretFileLayer(sources.env), envLayer(sources.env), flagLayer(sources.flags ?? {})];
  const issues: ConfigIssue[] = layers.flatMap((layer) => layer.issues);
  const settings = new Map<string, Setting>();
  for (const layer of layers) for (const setting of layer.settings) settings.set(setting.key.name, setting);

  const tree: Tree = {};
  for (const { key, value } of settings.values()) place(tree, key.path, value);
  const parsed = configSchema.safeParse(tree);
  const atFault = new Set(parsed.success ? [] : parsed.error.issues.map((issue) => issue.path.join('.')));
  for (const setting of settings.values()) {
    const { name } = setting.key;
    if ([...atFault].some((path) => path === name || path.startsWith(`${name}.`))) {
      issues.push(badValue(setting.key, setting.source, setting.value));
    }
  }
  if (parsed.success && (sources.secretRequired ?? true) && parsed.data.security.jwt_secret === '') {
    issues.push(missingSecret(settings.get('security.jwt_secret')?.source));
  }
  if (issues.length > 0) throw new ConfigError(issues);
  const config = configSchema.parse(tree);
  return {
    config,
    warnings: [
      ...file.unknown.map((name) => `config.toml: unknown key ${name} is ignored.`),
      ...unknownVariables(sources.env).map((name) => `Environment: unknown variable ${name} is ignored.`),
      ...configAdvice(config, [...settings.values()]),
    ],
  };
}

function missingSecret(source = 'config.toml'): ConfigIssue {
  const key = CONFIG_KEYS.find(({ name }) => name === 'security.jwt_secret');
  const variable = key === undefined ? '' : ` or set ${envName(key)}`;
  return {
    key: 'security.jwt_secret',
    source,
    message: `security.jwt_secret (from ${source}) is empty: "waiaas init" writes one into config.toml,${variable} to a text of at least 32 characters.`,
  };
}
