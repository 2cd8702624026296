import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkLayers } from './check-layers.ts';

/**
 * The command: prints each violation as `file:line rule: message`, then one line of totals.
 *
 * @param call.reportFile where to write the report as JSON, if anywhere
 * @returns the exit code: 1 when a rule is broken or there was nothing to check
 */
export function main({ root, reportFile }: { readonly root: string; readonly reportFile: string | undefined }): number {
  const report = checkLayers(root);
  for (const { file, line, rule, message } of report.violations) {
    process.stdout.write(`${file}:${line} ${rule}: ${message}\n`);
  }
  const { packages, files, violations } = report;
  process.stdout.write(`${packages} packages, ${files} files, ${violations.length} violations\n`);
  if (reportFile !== undefined) {
    mkdirSync(dirname(reportFile), { recursive: true });
    writeFileSync(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  }
  return files > 0 && violations.length === 0 ? 0 : 1;
}
