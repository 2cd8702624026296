import { checkAmbient } from './check-ambient.ts';
import { checkImports } from './check-imports.ts';
import { checkManifest } from './check-manifest.ts';
import { parseFile } from './source-file.ts';
import type { Violation } from './violation.ts';
import { codeFiles, readWorkspace } from './workspace.ts';

/** What a check looked at and what it found. */
export interface LayerReport {
  readonly packages: number;
  readonly files: number;
  readonly violations: readonly Violation[];
}

/**
 * Checks the whole workspace against the layer table and the rules about time, randomness, environment and signing.
 *
 * @example checkLayers('/home/me/waiaas').violations // [] when every rule holds
 */
export function checkLayers(root: string): LayerReport {
  const workspace = readWorkspace(root);
  const violations: Violation[] = [];
  let files = 0;
  for (const subject of workspace.packages.values()) {
    violations.push(...checkManifest(workspace, subject));
    for (const path of codeFiles(root, subject)) {
      const source = parseFile(root, path);
      files += 1;
      violations.push(...checkImports(workspace, subject, source), ...checkAmbient(source));
    }
  }
  return { packages: workspace.packages.size, files, violations };
}
