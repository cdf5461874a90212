/** Thrown when a server answers in a shape that is not the contract's. */
export class UnreadableAnswerError extends Error {
  override readonly name = 'UnreadableAnswerError';

  constructor(what: string) {
    super(`the server's ${what} has an unexpected shape`);
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

/** @throws UnreadableAnswerError, as all below */
export function answerOf(value: unknown, what: string): Fields {
  const fields = fieldsOf(value);
  if (!fields) throw new UnreadableAnswerError(what);
  return fields;
}

export function every<T>(value: unknown, parse: (item: unknown) => T | undefined, what: string): T[] {
  if (!Array.isArray(value)) throw new UnreadableAnswerError(what);
  return value.map((item) => known(parse(item), what));
}

export function known<T>(parsed: T | undefined, what: string): T {
  if (parsed === undefined) throw new UnreadableAnswerError(what);
  return parsed;
}

export function count(value: unknown, what: string): number {
  if (!isCount(value)) throw new UnreadableAnswerError(what);
  return value;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function areTexts(fields: Fields, names: readonly string[]): boolean {
  return names.every((name) => typeof fields[name] === 'string');
}
