import { layerOf, mayImport, OWN_NAMES } from './table.ts';
import type { Violation } from './violation.ts';
import type { Workspace, WorkspacePackage } from './workspace.ts';

/** What is wrong with a package before any of its code is read: its place, its name, the packages of ours it names. */
export function checkManifest(workspace: Workspace, subject: WorkspacePackage): readonly Violation[] {
  const file = `${subject.folder}/package.json`;
  const violation = (rule: Violation['rule'], message: string): Violation => ({ rule, file, line: 1, message });
  if (layerOf(subject.folder) === undefined) {
    return [violation('unknown-package', `${subject.folder} has no row in the layer table`)];
  }
  const found: Violation[] = [];
  const expected = OWN_NAMES[subject.folder] ?? `@waiaas/${subject.folder.slice(subject.folder.indexOf('/') + 1)}`;
  if (subject.name !== expected) found.push(violation('unknown-package', `is named ${subject.name}, not ${expected}`));

  const named = [
    ...[...subject.dependencies].map((name) => ({ name, inTest: false })),
    ...[...subject.devDependencies].map((name) => ({ name, inTest: true })),
  ];
  for (const { name, inTest } of named) {
    const target = workspace.packages.get(name);
    if (target === undefined || target.folder === 'tooling/tsconfig') continue;
    if (!mayImport(subject.folder, target.folder, inTest)) {
      found.push(violation('manifest', `${inTest ? 'devDependencies' : 'dependencies'} may not name ${name}`));
    }
  }
  return found;
}
