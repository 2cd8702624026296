import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A parsed file. */
export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly file: string;
  readonly tree: ts.SourceFile;
}

/** Parses one code file; syntax errors are left to the compiler. */
export function parseFile(root: string, file: string): SourceFile {
  const text = readFileSync(join(root, file), 'utf8');
  return { file, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false) };
}
