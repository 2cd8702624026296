import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Import, importsOf } from './imports.ts';
import type { SourceFile } from './source-file.ts';
import { BUILD_FOLDERS, BUNDLED_FOLDERS, mayImport } from './table.ts';
import type { Rule, Violation } from './violation.ts';
import { isTestFile, type Workspace, type WorkspacePackage } from './workspace.ts';

/** Whether a file's imports stay inside its package, are declared, point downwards and use public entries. */
export function checkImports(
  workspace: Workspace,
  subject: WorkspacePackage,
  { file, tree }: SourceFile,
): readonly Violation[] {
  const inTest = isTestFile(file);
  return importsOf(tree).flatMap((found) => {
    const broken = judge(workspace, subject, file, inTest, found);
    return broken === undefined ? [] : [{ ...broken, file, line: found.line }];
  });
}

interface Broken {
  readonly rule: Rule;
  readonly message: string;
}

function judge(
  workspace: Workspace,
  subject: WorkspacePackage,
  file: string,
  inTest: boolean,
  { specifier, kind }: Import,
): Broken | undefined {
  const ships = !inTest && !subject.folder.startsWith('tooling/');
  if (specifier === undefined) {
    const message = 'loads a module whose name is computed';
    return ships && kind === 'module' ? { rule: 'computed', message } : undefined;
  }
  if (specifier.startsWith('.')) return judgeRelative(subject, file, ships, kind, specifier);
  if (kind === 'url') return undefined;
  if (specifier.startsWith('node:') && isBuiltin(specifier)) return undefined;
  if (specifier.startsWith('/') || specifier.startsWith('file:')) {
    return { rule: 'outside', message: `loads ${specifier} by its path on this machine` };
  }
  return judgePackage(workspace, subject, file, inTest, specifier);
}

function judgeRelative(
  subject: WorkspacePackage,
  file: string,
  ships: boolean,
  kind: Import['kind'],
  specifier: string,
): Broken | undefined {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  if (!`${target}/`.startsWith(`${subject.folder}/`)) {
    // Tests and tools start other packages' programs as processes, by path.
    if (kind === 'url' && !ships) return undefined;
    return { rule: 'outside', message: `loads ${specifier}, which is outside ${subject.folder}` };
  }
  if (ships && isTestFile(target)) return { rule: 'test-code', message: `loads ${specifier}, which is test code` };
  return undefined;
}

function judgePackage(
  workspace: Workspace,
  subject: WorkspacePackage,
  file: string,
  inTest: boolean,
  specifier: string,
): Broken | undefined {
  const parts = specifier.split('/');
  const name = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  const target = workspace.packages.get(name);
  const own = target?.folder === subject.folder;
  const declared =
    subject.dependencies.has(name) ||
    ((BUNDLED_FOLDERS.includes(subject.folder) || BUILD_FOLDERS.some((folder) => file.startsWith(folder))) &&
      subject.devDependencies.has(name)) ||
    (inTest && (subject.devDependencies.has(name) || workspace.rootDevDependencies.has(name) || own));
  if (!declared) {
    const list = inTest || !subject.devDependencies.has(name) ? 'package.json does not name' : '"dependencies" lacks';
    return { rule: 'undeclared', message: `imports ${specifier}, but ${list} ${name}` };
  }
  if (target === undefined) return undefined;
  if (!own && !mayImport(subject.folder, target.folder, inTest)) {
    return { rule: 'layer', message: `imports ${name}, which its layer may not use` };
  }
  const entry = ['.', ...parts.slice(2)].join('/');
  if (!target.entries.some((key) => isEntry(key, entry))) {
    return { rule: 'entry', message: `imports ${specifier}, which is no entry of ${name}` };
  }
  return undefined;
}

function isEntry(key: string, entry: string): boolean {
  const [before = '', after] = key.split('*');
  return after === undefined ? key === entry : entry.startsWith(before) && entry.endsWith(after);
}
