const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** In .NET's "D" form, the only one that every version of MassTransit reads. */
export function isGuid(value: string): boolean {
  return guid.test(value);
}
