import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandModules } from '../src/cli/command-modules.ts';
import { declareProgram } from '../src/cli/program.ts';
import { commandReference, settingsReference } from './reference.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const program = declareProgram(await commandModules(''), () => undefined);
const reference = (name: string): string => join(ROOT, 'docs', 'reference', name);

test('the reference of the commands is that of the program', async () => {
  await expect(commandReference(program)).toMatchFileSnapshot(reference('commands.md'));
});

test('the reference of the settings is that of the configuration', async () => {
  await expect(settingsReference()).toMatchFileSnapshot(reference('settings.md'));
});
