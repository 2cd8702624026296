import {
  deadLetterListResponseSchema,
  isUuidV7,
  NOTIFICATION_LOCALES,
  type NotificationChannel,
  type NotificationChannelType,
  notificationChannelDeleteResponseSchema,
  notificationChannelListResponseSchema,
  notificationChannelResponseSchema,
  notificationChannelTestResponseSchema,
  notificationLogResponseSchema,
  type RedeliverResponse,
  type Redelivery,
  redeliverResponseSchema,
} from '@waiaas/core';
import { type Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { findSecret, type SecretFlags } from '../channel-secret.ts';
import { type CommandContext, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine, table } from '../output.ts';
import { type CommandModule, type Handle, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

const PATH = '/v1/owner/notification-channels';
/** The daemon asks the service before it answers. */
const SERVICE_TIMEOUT_MS = 30_000;

interface CommonFlags {
  readonly priority?: string;
  readonly locale?: string;
}

interface AddOptions extends PasswordFlags, SecretFlags, CommonFlags {
  readonly name?: string;
  readonly disabled?: boolean;
  readonly chatId?: string;
  readonly apiUrl?: string;
  readonly topic?: string;
  readonly server?: string;
  readonly url?: string;
}

interface UpdateOptions extends PasswordFlags, SecretFlags, CommonFlags {
  readonly name?: string;
  readonly enable?: boolean;
  readonly disable?: boolean;
  readonly rotateSecret?: boolean;
}

interface LogOptions extends PasswordFlags {
  readonly failed?: boolean;
  readonly tx?: string;
  readonly limit?: string;
}

interface RedeliverOptions extends PasswordFlags {
  readonly delivery?: string;
}

interface DeadLetterOptions extends PasswordFlags {
  readonly limit?: string;
}

/** A kind of channel on the command line. */
interface Kind {
  readonly type: NotificationChannelType;
  readonly about: string;
  /** The field the secret goes into, what it is called, and whether there may be none. */
  readonly secret: { readonly field: string; readonly what: string; readonly isOptional: boolean };
  /** Options of its own, and the fields they go into. */
  readonly options: readonly {
    readonly flag: string;
    readonly about: string;
    readonly field: string;
    readonly key: keyof AddOptions;
  }[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  telegram: {
    type: 'TELEGRAM',
    about: 'a chat of a Telegram bot',
    secret: { field: 'botToken', what: 'bot token', isOptional: false },
    options: [
      { flag: '--chat-id <id>', about: 'the chat, as the bot sees it', field: 'chatId', key: 'chatId' },
      { flag: '--api-url <url>', about: 'a Bot API server of your own', field: 'apiUrl', key: 'apiUrl' },
    ],
  },
  discord: {
    type: 'DISCORD',
    about: 'a Discord webhook',
    secret: { field: 'webhookUrl', what: 'webhook URL', isOptional: false },
    options: [],
  },
  ntfy: {
    type: 'NTFY',
    about: 'a topic of an ntfy server',
    secret: { field: 'authToken', what: 'access token', isOptional: true },
    options: [
      { flag: '--topic <topic>', about: 'the topic', field: 'topic', key: 'topic' },
      { flag: '--server <url>', about: 'the server (default: https://ntfy.sh)', field: 'serverUrl', key: 'server' },
    ],
  },
  slack: {
    type: 'SLACK',
    about: 'an incoming webhook of Slack or of what speaks like it',
    secret: { field: 'webhookUrl', what: 'webhook URL', isOptional: false },
    options: [],
  },
  webhook: {
    type: 'WEBHOOK',
    about: 'a server of your own, deliveries signed',
    secret: { field: 'secret', what: 'secret', isOptional: true },
    options: [{ flag: '--url <url>', about: 'where deliveries are posted', field: 'url', key: 'url' }],
  },
};

const withSecretOptions = (command: Command): Command =>
  command
    .addOption(new Option('--secret-file <path>', 'file that holds the secret of the channel'))
    .addOption(new Option('--secret-env <variable>', 'environment variable that holds it'));

const withCommonOptions = (command: Command): Command =>
  command
    .option('--priority <number>', 'higher is tried first (default: 0)')
    .addOption(new Option('--locale <language>', 'language of the messages').choices(NOTIFICATION_LOCALES));

/** `waiaas notifications …`: where the owner is told what happens (05 §2.12). */
export const notificationCommands: CommandModule = (program, handle) => {
  const group = program
    .command('notifications')
    .description('where the owner is told what happens: add, list, change, try and remove channels');
  addCommands(group, handle);
  handle<PasswordFlags>(withPasswordOptions(group.command('list').description('list the channels')), list);
  const log = group
    .command('log')
    .description('what became of the latest attempts to tell you something')
    .option('--failed', 'only what reached nobody over any channel')
    .option('--tx <id>', 'only what is about a transaction')
    .option('--limit <number>', 'at most so many (default: 20)');
  handle<LogOptions>(withPasswordOptions(log), showLog);
  const letters = group
    .command('dead-letters')
    .description('what a webhook has not taken and can be sent again; kept for 72 hours')
    .argument('<id>', 'id of the channel, as "waiaas notifications list" shows it')
    .option('--limit <number>', 'at most so many (default: 20)');
  handle<DeadLetterOptions>(withPasswordOptions(letters), showDeadLetters);
  const again = group
    .command('redeliver')
    .description('send a webhook again what it has not taken, oldest first, under the ids it had')
    .argument('<id>', 'id of the channel')
    .option('--delivery <id>', 'only this one, as "waiaas notifications dead-letters" shows it');
  handle<RedeliverOptions>(withPasswordOptions(again), redeliver);
  const update = group
    .command('update')
    .description('change a channel; a new secret is taken from --secret-file or --secret-env')
    .argument('<id>', 'id of the channel, as "waiaas notifications list" shows it')
    .option('--name <name>', 'another name')
    .option('--enable', 'use it again')
    .option('--disable', 'do not use it any more')
    .option('--rotate-secret', 'webhook: make a new secret; the old one is good for a day more');
  handle<UpdateOptions>(withPasswordOptions(withSecretOptions(withCommonOptions(update))), change);
  for (const [verb, about, work] of [
    ['test', 'send a message over a channel and say what became of it', test],
    ['remove', 'remove a channel', remove],
  ] as const) {
    const command = group.command(verb).description(about).argument('<id>', 'id of the channel');
    handle<PasswordFlags>(withPasswordOptions(command), work);
  }
};

function addCommands(group: Command, handle: Handle): void {
  const add = group.command('add').description('add a channel; its service is asked before anything is stored');
  for (const [word, kind] of Object.entries(KINDS)) {
    const command = add.command(word).description(kind.about).requiredOption('--name <name>', 'what to call it');
    for (const { flag, about } of kind.options) command.option(flag, about);
    command.option('--disabled', 'store it without using it');
    handle<AddOptions>(withPasswordOptions(withSecretOptions(withCommonOptions(command))), (context, options) =>
      create(context, options, kind),
    );
  }
}

function priorityOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^-?\d{1,4}$/.test(text)) throw usageError('--priority must be a whole number from -1000 to 1000.');
  return Number(text);
}

const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

async function create(context: CommandContext, options: AddOptions, kind: Kind): Promise<ExitCode> {
  const { secret } = kind;
  const value = await findSecret(options, context, secret.what, secret.isOptional);
  const own = Object.fromEntries(kind.options.map(({ field, key }) => [field, options[key]]));
  const body = given({
    type: kind.type,
    name: options.name,
    config: given({ ...own, [secret.field]: value }),
    priority: priorityOf(options.priority),
    locale: options.locale,
    enabled: options.disabled === true ? false : undefined,
  });
  const answer = await callDaemon({
    ...(await operatorSession(context, options)),
    method: 'POST',
    path: PATH,
    body,
    timeoutMs: SERVICE_TIMEOUT_MS,
    answer: notificationChannelResponseSchema,
  });
  return show(context, answer, 'Added; its service answers. Try it with "waiaas notifications test".');
}

/** A channel and, where one was made, its secret: shown now and never again. */
function show(
  { io, json }: CommandContext,
  { channel, secret }: { readonly channel: NotificationChannel; readonly secret?: string | undefined },
  words: string,
): ExitCode {
  if (json) io.out(jsonLine({ channel, ...(secret === undefined ? {} : { secret }) }));
  else {
    const config = Object.entries(channel.config).map(([name, value]) => [name, value] as const);
    io.out(
      `${words}\n${facts([
        ['Channel', channel.id],
        ['Type', channel.type],
        ['Name', channel.name],
        ...config,
        ...(secret === undefined ? [] : ([['New secret', secret]] as const)),
      ])}`,
    );
    if (secret !== undefined) io.err('Keep the secret now: it is never shown again.\n');
  }
  return EXIT.SUCCESS;
}

async function list(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'GET',
    path: PATH,
    answer: notificationChannelListResponseSchema,
  });
  const { io, json } = context;
  if (json) io.out(jsonLine(answer));
  else {
    const { channels, enabled, reachable, minChannels } = answer;
    if (channels.length === 0) io.out('There are no channels. Add one with "waiaas notifications add".\n');
    else {
      io.out(
        table(
          ['ID', 'TYPE', 'NAME', 'STATE', 'PRIORITY', 'LANGUAGE', 'LEADS TO'],
          channels.map((channel) => [
            channel.id,
            channel.type,
            channel.name,
            channel.enabled ? channel.health : 'disabled',
            String(channel.priority),
            channel.locale,
            Object.values(channel.config).join(' '),
          ]),
        ),
      );
    }
    if (!enabled) io.err('Notifications are switched off (notifications.enabled).\n');
    if (reachable < minChannels) {
      io.err(
        `${reachable} of at least ${minChannels} channels can reach the owner: payments of tier NOTIFY and DELAY wait for an approval.\n`,
      );
    }
  }
  return EXIT.SUCCESS;
}

function assertLimit(limit: string): void {
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > 100) throw usageError('--limit must be a number from 1 to 100.');
}

async function showLog(context: CommandContext, { failed, tx, limit = '20', ...flags }: LogOptions): Promise<ExitCode> {
  assertLimit(limit);
  if (tx !== undefined && !isUuidV7(tx)) throw usageError('--tx must be the id of a transaction.');
  const query = new URLSearchParams({ limit, ...(failed === true ? { status: 'ALL_FAILED' } : {}) });
  if (tx !== undefined) query.set('referenceId', tx);
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'GET',
    path: `/v1/owner/notification-log?${query}`,
    answer: notificationLogResponseSchema,
  });
  const { io, json } = context;
  const rows = answer.entries.map(({ sentAt, event, status, channelId, referenceId, error }) => [
    sentAt,
    event,
    status,
    channelId ?? '',
    referenceId ?? '',
    error ?? '',
  ]);
  if (json) io.out(jsonLine(answer));
  else if (rows.length === 0) io.out('There is nothing in the log.\n');
  else io.out(table(['TIME', 'EVENT', 'STATUS', 'CHANNEL', 'ABOUT', 'ERROR'], rows));
  return EXIT.SUCCESS;
}

async function showDeadLetters(
  context: CommandContext,
  { limit = '20', ...flags }: DeadLetterOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const id = idOf(args);
  assertLimit(limit);
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'GET',
    path: `${PATH}/${id}/dead-letters?${new URLSearchParams({ limit })}`,
    answer: deadLetterListResponseSchema,
  });
  const { io, json } = context;
  const rows = answer.deadLetters.map(({ deliveryId, event, createdAt, keptUntil, error }) => [
    deliveryId,
    event,
    createdAt,
    keptUntil,
    error,
  ]);
  if (json) io.out(jsonLine(answer));
  else if (rows.length === 0) io.out('The webhook has taken everything, or is still being tried.\n');
  else {
    io.out(table(['DELIVERY', 'EVENT', 'TIME', 'KEPT UNTIL', 'ERROR'], rows));
    if (answer.nextCursor !== null) io.err('There are more; see --limit.\n');
  }
  return EXIT.SUCCESS;
}

async function redeliver(
  context: CommandContext,
  { delivery: deliveryId, ...flags }: RedeliverOptions,
  args: readonly string[],
): Promise<ExitCode> {
  const id = idOf(args);
  if (deliveryId !== undefined && !isUuidV7(deliveryId)) {
    throw usageError('--delivery must be the id of one, as "waiaas notifications dead-letters" shows it.');
  }
  const { io, json } = context;
  const session = await operatorSession(context, flags);
  const sent: Redelivery[] = [];
  let cursor: string | null = null;
  let pause: number | undefined;
  do {
    const answer: RedeliverResponse = await callDaemon({
      ...session,
      method: 'POST',
      path: `${PATH}/${id}/redeliver`,
      body: given({ deliveryId, cursor: cursor ?? undefined }),
      timeoutMs: SERVICE_TIMEOUT_MS,
      answer: redeliverResponseSchema,
    });
    for (const { deliveryId: which, event, success, error } of json ? [] : answer.deliveries) {
      if (success) io.out(`${which} ${event}: taken.\n`);
      else io.err(`${which} ${event}: not taken: ${error ?? 'no reason was given'}.\n`);
    }
    sent.push(...answer.deliveries);
    cursor = answer.nextCursor;
    pause = answer.retryAfter;
  } while (cursor !== null);
  if (json)
    io.out(jsonLine({ channelId: id, deliveries: sent, ...(pause === undefined ? {} : { retryAfter: pause }) }));
  else if (pause !== undefined) {
    io.err(`The receiver asks for a pause: try again in ${Math.ceil(pause)} seconds.\n`);
  } else if (sent.length === 0) io.out('There is nothing to be sent again.\n');
  return pause === undefined && sent.every(({ success }) => success) ? EXIT.SUCCESS : EXIT.FAILURE;
}

function idOf([id = '']: readonly string[]): string {
  if (!isUuidV7(id)) throw usageError('The channel must be named by its id, as "waiaas notifications list" shows it.');
  return id;
}

async function change(context: CommandContext, options: UpdateOptions, args: readonly string[]): Promise<ExitCode> {
  const id = idOf(args);
  if (options.enable === true && options.disable === true) throw usageError('Give either --enable or --disable.');
  const session = await operatorSession(context, options);
  const secret = await findSecret(options, context, 'secret', true);
  const field = secret === undefined ? undefined : await secretFieldOf(session, id);
  const body = given({
    name: options.name,
    priority: priorityOf(options.priority),
    locale: options.locale,
    enabled: options.enable === true ? true : options.disable === true ? false : undefined,
    config: field === undefined ? undefined : { [field]: secret },
    rotateSecret: options.rotateSecret,
  });
  if (Object.keys(body).length === 0) throw usageError('Say what to change; see "waiaas notifications update --help".');
  const answer = await callDaemon({
    ...session,
    method: 'PUT',
    path: `${PATH}/${id}`,
    body,
    timeoutMs: SERVICE_TIMEOUT_MS,
    answer: notificationChannelResponseSchema,
  });
  return show(context, answer, 'Changed.');
}

/** The field of a channel's configuration that holds its secret. */
async function secretFieldOf(
  session: { readonly port: number; readonly password: string },
  id: string,
): Promise<string> {
  const { channels } = await callDaemon({
    ...session,
    method: 'GET',
    path: PATH,
    answer: notificationChannelListResponseSchema,
  });
  const type = channels.find((channel) => channel.id === id)?.type;
  const kind = Object.values(KINDS).find((one) => one.type === type);
  if (kind === undefined) throw usageError('There is no such channel; see "waiaas notifications list".');
  return kind.secret.field;
}

async function test(context: CommandContext, flags: PasswordFlags, args: readonly string[]): Promise<ExitCode> {
  const id = idOf(args);
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'POST',
    path: `${PATH}/${id}/test`,
    timeoutMs: SERVICE_TIMEOUT_MS,
    answer: notificationChannelTestResponseSchema,
  });
  const { io, json } = context;
  if (json) io.out(jsonLine(answer));
  else if (answer.success) io.out(`Taken by the service in ${answer.latencyMs} ms.\n`);
  else {
    const wait = answer.retryAfter === undefined ? '' : ` Try again in ${Math.ceil(answer.retryAfter)} seconds.`;
    io.err(`Not taken: ${answer.error ?? 'no reason was given'}.${wait}\n`);
  }
  return answer.success ? EXIT.SUCCESS : EXIT.FAILURE;
}

async function remove(context: CommandContext, flags: PasswordFlags, args: readonly string[]): Promise<ExitCode> {
  const id = idOf(args);
  const answer = await callDaemon({
    ...(await operatorSession(context, flags)),
    method: 'DELETE',
    path: `${PATH}/${id}`,
    answer: notificationChannelDeleteResponseSchema,
  });
  const { io, json } = context;
  io.out(json ? jsonLine(answer) : `Removed ${answer.channelId}.\n`);
  return EXIT.SUCCESS;
}
