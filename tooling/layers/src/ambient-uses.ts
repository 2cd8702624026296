import ts from 'typescript';
import { lineOf } from './imports.ts';

/** What a file must be handed instead of reaching for it. */
export type Ambient = 'environment' | 'clock' | 'randomness' | 'signing';

/** One place where a file reaches for it. */
export interface AmbientUse {
  readonly what: Ambient;
  readonly text: string;
  readonly line: number;
}

/** Members of global objects, as `object.member`. */
const MEMBERS: Readonly<Partial<Record<string, Ambient>>> = {
  'process.env': 'environment',
  'Date.now': 'clock',
  'Math.random': 'randomness',
  'secp256k1.sign': 'signing',
  'ed25519.sign': 'signing',
  'schnorr.sign': 'signing',
  'subtle.sign': 'signing',
  'crypto.sign': 'signing',
  'crypto.createSign': 'signing',
};

/** Names that a module of this specifier must not give. */
const IMPORTED: readonly { readonly from: RegExp; readonly name: RegExp; readonly what: Ambient }[] = [
  { from: /^(node:)?process$/, name: /^env$/, what: 'environment' },
  { from: /^(node:)?crypto$/, name: /^(sign|createSign)$/, what: 'signing' },
  {
    from: /^@solana\/kit$|^@solana\/keys$/,
    name: /^(signBytes|signTransaction|partiallySignTransaction)/,
    what: 'signing',
  },
  { from: /^viem\/accounts$/, name: /^(sign|privateKeyToAccount|mnemonicToAccount|hdKeyToAccount)/, what: 'signing' },
];

/** libsodium's signing functions; verifying, opening and the constants are free to use. */
const SODIUM_SIGN = /^crypto_sign(?!_verify|_open|_final_verify|_ed25519_pk|_[A-Z]*BYTES|_.*BYTES$)/;

/** Every use of the environment, the system's clock, weak randomness or a signing function, in order of appearance. */
export function ambientUses(source: ts.SourceFile): readonly AmbientUse[] {
  const found: AmbientUse[] = [];
  const add = (what: Ambient | undefined, node: ts.Node, text: string): void => {
    if (what !== undefined) found.push({ what, text, line: lineOf(source, node) });
  };
  const visit = (node: ts.Node): void => {
    const member = memberAccess(node);
    if (member !== undefined) add(MEMBERS[member], node, member);
    for (const name of destructured(node)) add(MEMBERS[name], node, name);
    if (ts.isIdentifier(node) && SODIUM_SIGN.test(node.text)) add('signing', node, node.text);
    if (ts.isNewExpression(node) && lastName(node.expression) === 'Date' && (node.arguments ?? []).length === 0) {
      add('clock', node, 'new Date()');
    }
    if (ts.isCallExpression(node) && lastName(node.expression) === 'Date') add('clock', node, 'Date()');
    if (ts.isImportDeclaration(node)) for (const [what, name] of forbiddenImports(node)) add(what, node, name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `a.b` and `a['b']` as `a.b`, however long the path before `a` is. */
function memberAccess(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return joined(lastName(node.expression), node.name.text);
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return joined(lastName(node.expression), node.argumentExpression.text);
  }
  return undefined;
}

/** `const { b } = a` as `a.b`. */
function destructured(node: ts.Node): readonly string[] {
  if (!ts.isVariableDeclaration(node) || !ts.isObjectBindingPattern(node.name) || node.initializer === undefined) {
    return [];
  }
  const object = lastName(node.initializer);
  return node.name.elements.flatMap(({ propertyName, name }) => {
    const key = propertyName ?? name;
    const text = ts.isIdentifier(key) || ts.isStringLiteralLike(key) ? key.text : undefined;
    return joined(object, text) ?? [];
  });
}

function forbiddenImports(node: ts.ImportDeclaration): readonly (readonly [Ambient, string])[] {
  if (!ts.isStringLiteralLike(node.moduleSpecifier)) return [];
  const from = node.moduleSpecifier.text;
  const bindings = node.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.flatMap((element) => {
    const name = (element.propertyName ?? element.name).text;
    return IMPORTED.filter((rule) => rule.from.test(from) && rule.name.test(name)).map(
      (rule) => [rule.what, `${name} of ${from}`] as const,
    );
  });
}

function lastName(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) return node.name.text;
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) return lastName(node.expression);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return lastName(node.expression);
  return undefined;
}

function joined(object: string | undefined, member: string | undefined): string | undefined {
  return object === undefined || member === undefined ? undefined : `${object}.${member}`;
}
