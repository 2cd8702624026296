import {
  type SettingsResponse,
  settingsResponseSchema,
  settingsUpdateResponseSchema,
  settingsUpdateSchema,
} from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface SetOptions extends PasswordFlags {
  readonly notifications?: string;
  readonly minChannels?: string;
  readonly autoStop?: string;
  readonly logLevel?: string;
}

const PATH = '/v1/owner/settings';

/** `waiaas settings show|set` (06 E26, E27): what can be set while the daemon runs; the rest is in config.toml. */
export const settingsCommands: CommandModule = (program, handle) => {
  const group = program.command('settings').description('what can be set while the daemon runs');
  const read = group.command('show').description('show the settings that are in force, without any secret');
  handle<PasswordFlags>(withPasswordOptions(read), showSettings);
  const set = group
    .command('set')
    .description('change settings at once; they are kept, and count more than config.toml')
    .option(
      '--notifications <on|off|default>',
      'whether the owner is told things; default takes a change back, everywhere here',
    )
    .option(
      '--min-channels <n|default>',
      'while fewer channels reach the owner, NOTIFY and DELAY wait for an approval; 1 to 5',
    )
    .option('--auto-stop <on|off|default>', 'whether auto-stop rules are watched')
    .option('--log-level <level|default>', 'debug, info, warn or error');
  handle<SetOptions>(withPasswordOptions(set), setSettings);
};

function show({ io, json }: CommandContext, settings: SettingsResponse, heading: string): ExitCode {
  const { server, security, notifications, autoStop, changed } = settings;
  const { global, session, transaction } = security.rateLimits;
  const yes = (value: boolean): string => (value ? 'on' : 'off');
  io.out(
    json
      ? jsonLine(settings)
      : heading +
          facts([
            ['Address', `${server.hostname}:${server.port}`],
            ['Log level', server.logLevel],
            ['Notifications', `${yes(notifications.enabled)}, ${notifications.channels.length} channels`],
            ['Channels needed', String(notifications.minChannels)],
            ['Auto-stop', `${yes(autoStop.enabled)}, ${autoStop.rulesCount} rules`],
            ['Requests a minute', `${global} in all, ${session} of a session, ${transaction} payments`],
            ['Set here', changed.length === 0 ? 'nothing; all as in config.toml' : changed.join(', ')],
          ]),
  );
  return EXIT.SUCCESS;
}

async function showSettings(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const settings = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'GET',
    path: PATH,
    answer: settingsResponseSchema,
  });
  return show(context, settings, '');
}

/** What takes a change back: the setting is as in config.toml again. */
const DEFAULT = 'default';

function switchOf(option: string, word: string | undefined): boolean | null | undefined {
  if (word === undefined) return undefined;
  if (word === DEFAULT) return null;
  if (word !== 'on' && word !== 'off') throw usageError(`${option} must be on, off or default.`);
  return word === 'on';
}

async function setSettings(context: CommandContext, options: SetOptions): Promise<ExitCode> {
  const { minChannels, logLevel } = options;
  const body = settingsUpdateSchema.safeParse({
    notifications: {
      enabled: switchOf('--notifications', options.notifications),
      minChannels: minChannels === undefined ? undefined : minChannels === DEFAULT ? null : Number(minChannels),
    },
    autoStop: { enabled: switchOf('--auto-stop', options.autoStop) },
    server: { logLevel: logLevel === DEFAULT ? null : logLevel },
  });
  if (!body.success) {
    const [issue] = body.error.issues;
    const option = issue?.path.at(-1) === 'minChannels' ? '--min-channels' : '--log-level';
    throw usageError(
      issue?.path.length === 0
        ? 'Say what to change; see "waiaas settings set --help".'
        : `${option} is not valid: ${issue?.message ?? ''}.`,
    );
  }
  const { settings } = await callDaemon({
    ...(await operatorSession(context, options)),
    method: 'PUT',
    path: PATH,
    body: body.data,
    answer: settingsUpdateResponseSchema,
  });
  return show(context, settings, 'Changed.\n');
}
