/** The keys of an object-valued field; none when the field is absent or no object. */
export function listing(value: unknown, field: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const found: unknown = Reflect.get(value, field);
  return typeof found === 'object' && found !== null ? Object.keys(found) : [];
}

/** The fields of an object that hold text. */
export function textFields(value: unknown): Readonly<Partial<Record<string, string>>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
