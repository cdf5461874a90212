const urnPrefix = 'urn:message:';

/** `urn:message:Namespace:Type` → `Namespace.Type`, as .NET names a type in a fault. */
export function shortTypeName(messageUrn: string): string {
  const name = messageUrn.toLowerCase().startsWith(urnPrefix) ? messageUrn.slice(urnPrefix.length) : messageUrn;
  return name.replace(':', '.');
}
