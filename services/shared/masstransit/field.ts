export type JsonRecord = { readonly [key: string]: unknown };

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of `name` (camelCase), in any letter case as .NET reads it; null when absent. */
export function field(record: JsonRecord, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  const wanted = name.toLowerCase();
  for (const key of Object.keys(record)) {
    if (key.length === wanted.length && key.toLowerCase() === wanted) return record[key];
  }
  return null;
}

export function textField(record: JsonRecord, name: string): string | null {
  const value = field(record, name);
  return typeof value === 'string' && value !== '' ? value : null;
}
