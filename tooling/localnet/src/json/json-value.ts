/** Anything JSON can carry. Integers beyond 2^53 are bigints on both ways, so no lamport is ever rounded. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;

/** A JSON object; keys whose value is undefined are left out when it is written. */
export type JsonObject = { readonly [key: string]: JsonValue | undefined };

/** Tells an object from the other JSON values (arrays and null are not objects here). */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
