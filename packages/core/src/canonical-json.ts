/** A value that has exactly one canonical encoding. */
export type CanonicalValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/**
 * The one encoding of a value: JSON without white space, keys in code-unit order (RFC 8785), integers only, bigint as a
 * decimal string. What is hashed, sealed or signed is encoded by this, so that equal values give equal bytes (00 §3).
 *
 * @throws TypeError for numbers that are not safe integers and for anything JSON cannot carry: a value that would be
 *   rounded or dropped must not be sealed. That goes for holes in lists and for objects that are not plain, such as a
 *   Date or a Map, whose content is not in their keys.
 * @example canonicalJson({ b: 1n, a: [true, null] }) // '{"a":[true,null],"b":"1"}'
 */
export function canonicalJson(value: CanonicalValue): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'boolean':
      return String(value);
    case 'bigint':
      return `"${value}"`;
    case 'number':
      if (!Number.isSafeInteger(value)) throw new TypeError('A canonical number must be a safe integer');
      return String(value);
    case 'object': {
      if (value === null) return 'null';
      if (isList(value)) return `[${listed(value)}]`;
      if (!isPlain(value)) throw new TypeError('A canonical object must be a plain one');
      return `{${fieldsOf(value)}}`;
    }
    default:
      throw new TypeError(`A canonical value cannot be of type ${typeof value}`);
  }
}

/** Texts in which nothing is escaped: no quotes, backslashes, control characters or surrogates. */
const PLAIN_TEXT = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;
/** Characters up to which looking for something to escape takes less time than leaving it to JSON. */
const SHORT = 80;

const quoted = (text: string): string =>
  text.length <= SHORT && PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text);

/** Put together piece by piece, as the fields are: a list of the pieces takes longer than they do. */
function listed(value: readonly CanonicalValue[]): string {
  let text = '';
  // Visits holes as well.
  for (const item of value) text += text === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
  return text;
}

function fieldsOf(value: { readonly [key: string]: CanonicalValue }): string {
  let text = '';
  for (const key of Object.keys(value).sort()) {
    const encoded = `${quoted(key)}:${canonicalJson(field(value, key))}`;
    text += text === '' ? encoded : `,${encoded}`;
  }
  return text;
}

const isList = (value: CanonicalValue): value is readonly CanonicalValue[] => Array.isArray(value);

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function field(value: { readonly [key: string]: CanonicalValue }, key: string): CanonicalValue {
  const found = value[key];
  if (found === undefined) throw new TypeError(`The canonical field ${key} is undefined`);
  return found;
}
