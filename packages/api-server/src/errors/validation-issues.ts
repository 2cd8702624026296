import type { ValidationIssue } from '@waiaas/core';
import type { z } from 'zod';

/** Most findings in one answer: a body of 64 KiB could have thousands. */
const MOST = 32;
/** Longest path in an answer, characters: unknown keys are named, and a key may be as long as the body. */
const LONGEST_PATH = 200;

const shortened = (path: string): string => (path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path);

/**
 * Findings of zod in wire form, paths joined by dots (06 §1.11). Each unknown key is a finding of its own, under its own
 * path. Values are never repeated.
 */
export function validationIssues(error: z.core.$ZodError): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  for (const issue of error.issues) {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') {
      issues.push({ path: shortened(path.join('.')), code: issue.code, message: issue.message });
    } else {
      for (const key of issue.keys)
        issues.push({ path: shortened([...path, key].join('.')), code: issue.code, message: 'is not a known field' });
    }
    if (issues.length >= MOST) break;
  }
  return issues.slice(0, MOST);
}
