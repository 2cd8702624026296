import ts from 'typescript';

/** Something a file loads: an import, a re-export, a dynamic import, a require, a mock, a file beside it. */
export interface Import {
  /** The text in quotes; undefined when it is computed, so that nobody can check it. */
  readonly specifier: string | undefined;
  readonly line: number;
  /** `url` for `new URL('./x', import.meta.url)`, which reaches files without importing them. */
  readonly kind: 'module' | 'url';
}

/** Calls of the form `vi.x('module')` that load a module. */
const MOCK_CALLS = new Set(['mock', 'doMock', 'unmock', 'doUnmock', 'importActual', 'importMock']);

/** Everything a source file loads, in order of appearance; type-only imports count. */
export function importsOf(source: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, argument: ts.Node | undefined, kind: Import['kind'] = 'module'): void => {
    const specifier = argument !== undefined && ts.isStringLiteralLike(argument) ? argument.text : undefined;
    found.push({ specifier, line: lineOf(source, node), kind });
  };
  for (const reference of source.typeReferenceDirectives) {
    const line = source.getLineAndCharacterOfPosition(reference.pos).line + 1;
    found.push({ specifier: reference.fileName, line, kind: 'module' });
  }
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier);
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument);
    } else if (ts.isCallExpression(node) && loadsModule(node.expression)) {
      add(node, node.arguments[0]);
    } else if (isFileUrl(node)) {
      add(node, node.arguments?.[0], 'url');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The line a node starts on, counted from one. */
export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

function loadsModule(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  if (!ts.isPropertyAccessExpression(callee)) return false;
  const { expression, name } = callee;
  if (name.text === 'resolve') return ts.isMetaProperty(expression) || isNamed(expression, 'require');
  return isNamed(expression, 'vi') && MOCK_CALLS.has(name.text);
}

function isFileUrl(node: ts.Node): node is ts.NewExpression {
  if (!ts.isNewExpression(node) || !isNamed(node.expression, 'URL')) return false;
  const base = node.arguments?.[1];
  return base !== undefined && ts.isPropertyAccessExpression(base) && ts.isMetaProperty(base.expression);
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}
