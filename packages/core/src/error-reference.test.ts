import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ERROR_CODES, errorEntry } from './error-catalogue.ts';

const FILE = fileURLToPath(new URL('../../../docs/reference/errors.md', import.meta.url));
const cell = (text: string): string => text.replaceAll('|', '\\|');

test('the reference of the errors is that of the catalogue', async () => {
  const rows = ERROR_CODES.map((code) => {
    const { status, retryable, message, hint } = errorEntry(code);
    return `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${cell(message)}${hint === undefined ? '' : ` ${cell(hint)}`} |\n`;
  });
  const text = `# Errors

Made from the code; a test compares. After a change: \`pnpm exec vitest run packages/core/src/error-reference.test.ts --update\`.

Every error is \`{ code, message, details?, requestId, retryable, hint? }\`. \`code\` is stable; \`requestId\` finds the request in the log.
\`retryable\` says whether the same request may be sent again.

| code | status | retryable | what, and what to do |
| --- | --- | --- | --- |
${rows.join('')}`;
  await expect(text).toMatchFileSnapshot(FILE);
});
