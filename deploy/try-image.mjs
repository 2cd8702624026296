#!/usr/bin/env node
/*
 * Does what the Dockerfile says, without a container engine: each stage is a Debian of its own, made by debootstrap, in which
 * the stage's steps are run as they stand. Then the image's entrypoint is started as the image's user, asked for its health as
 * the image asks, and stopped; twice, as a container with a volume is. Needs Linux, root, debootstrap and the registries.
 *
 *   sudo node deploy/try-image.mjs [folder to work in]
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { env } = process;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WORK = resolve(process.argv[2] ?? mkdtempSync(join(tmpdir(), 'waiaas-image-')));
/** The password of the try; not one that anybody has. */
const PASSWORD = 'correct horse battery';

const run = (command, args, options = {}) => execFileSync(command, args, { stdio: 'inherit', ...options });
const quoted = (words) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
const say = (text) => console.log(`\n== ${text}`);

/** Instructions of the Dockerfile, with continued lines joined. */
const instructions = readFileSync(join(ROOT, 'deploy', 'Dockerfile'), 'utf8')
  .replaceAll(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => /^(\S+)\s+(.*)$/.exec(line)?.slice(1) ?? []);

/** A Debian with Node in it, as `node:24-bookworm-slim` is; kept, because it takes a while. */
function base() {
  const folder = join(WORK, 'base');
  if (existsSync(join(folder, 'usr', 'local', 'bin', 'node'))) return folder;
  say('base: debootstrap bookworm');
  rmSync(folder, { recursive: true, force: true });
  run('debootstrap', ['--variant=minbase', 'bookworm', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  const npm = join(execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim(), 'npm');
  cpSync(npm, join(folder, 'usr', 'local', 'lib', 'node_modules', 'npm'), { recursive: true });
  writeFileSync(
    join(folder, 'usr', 'local', 'bin', 'npm'),
    '#!/bin/sh\nexec node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
    { mode: 0o755 },
  );
  // How this machine reaches its registry.
  copyFileSync('/etc/resolv.conf', join(folder, 'etc', 'resolv.conf'));
  const npmrc = join(homedir(), '.npmrc');
  if (existsSync(npmrc)) copyFileSync(npmrc, join(folder, 'root', '.npmrc'));
  const authorities = env.NODE_EXTRA_CA_CERTS;
  if (authorities !== undefined) copyFileSync(authorities, join(folder, 'etc', 'registry-ca.pem'));
  copyFileSync(process.execPath, join(folder, 'usr', 'local', 'bin', 'node'));
  return folder;
}

const stages = new Map();
let stage;

/** Runs a command in a stage, with a /proc and a /dev that end with it, and with nothing of this environment. */
const enter = ({ folder, user, env: own, workdir }, script) => {
  const variables = quoted(Object.entries(own).map(([name, value]) => `${name}=${value}`));
  const inside = `exec chroot "$@" "$0" /usr/bin/env -i -C ${workdir} ${variables} sh -c "$SCRIPT"`;
  const mounts = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev"';
  const userspec = user === 'root' ? [] : [`--userspec=${user}`];
  const args = ['--mount', 'sh', '-c', `${mounts} && ${inside}`, folder, ...userspec];
  return ['unshare', args, { env: { ...env, SCRIPT: script } }];
};

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root' };

const STEPS = {
  FROM(text) {
    const [image, , name] = text.split(' ');
    if (!/^node:\d+-bookworm-slim$/.test(image)) throw new Error(`${image} is not what debootstrap makes`);
    const major = /\d+/.exec(image)?.[0];
    if (process.versions.node.split('.')[0] !== major) throw new Error(`Run this with Node ${major}`);
    const folder = join(WORK, name);
    rmSync(folder, { recursive: true, force: true });
    run('cp', ['--archive', '--reflink=auto', base(), folder]);
    stage = { folder, user: 'root', workdir: '/', env: { ...ENVIRONMENT } };
    stages.set(name, stage);
  },
  WORKDIR(text) {
    mkdirSync(join(stage.folder, text), { recursive: true });
    stage.workdir = text;
  },
  RUN(text) {
    const registry = { NODE_EXTRA_CA_CERTS: '/etc/registry-ca.pem' };
    const own = env.NODE_EXTRA_CA_CERTS === undefined ? {} : registry;
    const [command, args, options] = enter({ ...stage, env: { ...stage.env, ...own } }, text);
    run(command, args, options);
  },
  COPY(text) {
    const words = text.split(' ');
    const flags = words.filter((word) => word.startsWith('--'));
    const target = words.at(-1) ?? '';
    const sources = words.filter((word) => !word.startsWith('--')).slice(0, -1);
    const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
    const mode = flags.find((flag) => flag.startsWith('--chmod='))?.slice('--chmod='.length);
    const destination = join(stage.folder, resolve(stage.workdir, target));
    for (const source of sources) {
      mkdirSync(dirname(destination), { recursive: true });
      if (from !== undefined) run('cp', ['--archive', join(stages.get(from)?.folder ?? '', source), destination]);
      // What Git knows is what a fresh clone has; the rest is in the .dockerignore.
      else if (source === '.') {
        run(
          'sh',
          [
            '-c',
            'git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- | tar --extract --directory="$0"',
            destination,
          ],
          { cwd: ROOT },
        );
      } else run('cp', [join(ROOT, source), target.endsWith('/') || target === '.' ? `${destination}/` : destination]);
    }
    if (mode !== undefined) run('chmod', [mode, destination]);
  },
  ENV(text) {
    for (const [, name, value] of text.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
  },
  USER(text) {
    stage.user = `${text}:${text}`;
    stage.env.HOME = `/home/${text}`;
  },
  // There is no engine that would do anything about these.
  VOLUME: () => undefined,
  EXPOSE: () => undefined,
  HEALTHCHECK(text) {
    stage.health = JSON.parse(/CMD (\[.*\])/.exec(text)?.[1] ?? '[]');
  },
  ENTRYPOINT(text) {
    stage.entrypoint = JSON.parse(text);
  },
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return String(port);
}

/** One life of a container: until it is healthy, and then until it has ended. */
async function live(container, which) {
  say(`${which} start`);
  const [command, args, options] = enter(container, `exec ${quoted(container.entrypoint)}`);
  const child = spawn(command, args, { ...options, stdio: 'inherit' });
  const ended = once(child, 'exit');
  for (let tries = 0; ; tries += 1) {
    const [check, checkArgs, checkOptions] = enter(container, quoted(container.health));
    try {
      run(check, checkArgs, { ...checkOptions, stdio: 'ignore' });
      break;
    } catch (error) {
      if (tries === 60 || child.exitCode !== null) throw error;
      await wait(500);
    }
  }
  const backup = 'node /opt/waiaas/bin/waiaas.mjs backup create';
  const [, backupArgs, backupOptions] = enter(container, backup);
  run(command, backupArgs, backupOptions);
  child.kill('SIGTERM');
  const [code] = await ended;
  if (code !== 0) throw new Error(`It ended with ${code}`);
}

for (const [name, text] of instructions) {
  say(`${name} ${text}`);
  const step = STEPS[name];
  if (step === undefined) throw new Error(`${name} is no instruction that this knows`);
  step(text);
}
const secret = '/run/secrets/master_password';
mkdirSync(join(stage.folder, '/run/secrets'), { recursive: true });
writeFileSync(join(stage.folder, secret), `${PASSWORD}\n`, { mode: 0o400 });
run('chown', ['1001:1001', join(stage.folder, secret)]);
const container = {
  ...stage,
  env: { ...stage.env, WAIAAS_DAEMON_PORT: await freePort(), WAIAAS_MASTER_PASSWORD_FILE: secret },
};
await live(container, 'first');
await live(container, 'second');
const owned = execFileSync('find', [join(stage.folder, 'opt', 'waiaas'), '-not', '-user', 'root', '-print', '-quit'], {
  encoding: 'utf8',
});
if (owned !== '') throw new Error(`${owned} is not root's`);
const { uid, mode } = statSync(join(stage.folder, 'home', 'waiaas', '.waiaas', 'data', 'waiaas.db'));
if (uid !== 1001 || (mode & 0o77) !== 0) throw new Error('The database is not private');
say(
  `it holds; the program takes ${execFileSync('du', ['-sh', join(stage.folder, 'opt', 'waiaas')], { encoding: 'utf8' }).split('\t')[0]}`,
);
