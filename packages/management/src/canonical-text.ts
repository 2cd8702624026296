import { canonicalJson } from '@waiaas/core';

/** The canonical JSON of a value that has been validated; absent fields are left out. This is the text that is sealed. */
export const canonicalText = (value: object): string => canonicalJson(JSON.parse(JSON.stringify(value)));
