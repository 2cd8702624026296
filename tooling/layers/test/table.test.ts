import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { LAYERS, layerOf, mayImport } from '../src/table.ts';
import { readWorkspace } from '../src/workspace.ts';

const folders = LAYERS.flatMap((layer) => layer.folders).map((folder) => folder.replace('*', 'solana'));
const shipped = folders.filter((folder) => !folder.startsWith('tooling/'));

test('no two packages may import each other', () => {
  const mutual = folders.flatMap((one) =>
    folders
      .filter((other) => one < other && mayImport(one, other, true) && mayImport(other, one, true))
      .map((other) => `${one} and ${other}`),
  );
  expect(mutual).toEqual([]);
});

test('nothing that ships may import a tool', () => {
  for (const from of shipped) {
    for (const to of folders.filter((folder) => folder.startsWith('tooling/'))) {
      expect([from, to, mayImport(from, to, false)]).toEqual([from, to, false]);
    }
  }
});

test('core imports nothing of ours; everything else that ships may import core', () => {
  for (const folder of shipped.filter((name) => name !== 'packages/core')) {
    expect([folder, mayImport('packages/core', folder, true)]).toEqual([folder, false]);
    expect([folder, mayImport(folder, 'packages/core', false)]).toEqual([folder, true]);
  }
});

test('a folder that no row names reaches nothing and is reached by nothing', () => {
  expect(layerOf('packages/mystery')).toBeUndefined();
  expect(mayImport('packages/mystery', 'packages/core', false)).toBe(false);
  expect(mayImport('apps/daemon', 'packages/mystery', false)).toBe(false);
});

test('docs/architecture.md draws the same rows in the same order', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const drawing =
    /## Layers.*?```\n(.*?)```/s.exec(readFileSync(join(root, 'docs/architecture.md'), 'utf8'))?.[1] ?? '';
  const folders = [...readWorkspace(root).packages.values()].map((found) => found.folder);
  const places = folders.map((folder) => {
    const [parent, name] = folder.split('/');
    // The drawing abbreviates a row of tools to `tooling/one, two`.
    const lines = drawing.split('\n');
    const named = lines.findIndex((line) => line.startsWith(`${folder} `) || line.startsWith(`${folder},`));
    const listed = lines.findIndex((line) => parent === 'tooling' && new RegExp(`[,\\s]${name}(,|\\s|$)`).test(line));
    return { folder, row: layerOf(folder), line: named === -1 ? listed : named };
  });
  expect(places.filter(({ line }) => line === -1)).toEqual([]);
  const byLine = [...places].sort((one, other) => one.line - other.line).map(({ row }) => row ?? -1);
  expect(byLine).toEqual([...byLine].sort((one, other) => one - other));
});
