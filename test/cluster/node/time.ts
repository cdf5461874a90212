/** Now as the API has it: RFC 3339, whole seconds. */
export function apiTime(): string {
  return new Date().toISOString().replace(/\.\d+Z/, 'Z');
}
