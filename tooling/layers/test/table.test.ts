import { expect, test } from 'vitest';
import { LAYERS, layerOf, mayImport } from '../src/table.ts';

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
