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
      return JSON.stringify(value);
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
      const fields = Object.keys(value)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${canonicalJson(field(value, key))}`);
      return `{${fields.join(',')}}`;
    }
    default:
      throw new TypeError(`A canonical value cannot be of type ${typeof value}`);
  }
}

/** Put together piece by piece: lists are what is encoded most, and a list of the pieces takes longer than they do. */
function listed(value: readonly CanonicalValue[]): string {
  let text = '';
  // Visits holes as well.
  for (const item of value) text += text === '' ? canonicalJson(item) : `,${canonicalJson(item)}`;
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
