import { readFileSync } from 'node:fs';

/** Thrown once with every fault of the environment. Secrets are named, never shown. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`the configuration has ${faults.length} fault(s): ${faults.join('; ')}`);
    this.faults = faults;
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads a flat environment into a typed configuration and reports all faults at once. An empty variable is an unset one.
 * `read` is pure but for `…_FILE` secrets.
 *
 * @throws ConfigError
 */
export function readConfig<Config>(env: Env, read: (reader: EnvReader) => Config): Config {
  const reader = new EnvReader(env);
  const config = read(reader);
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return config;
}

/** A faulty variable is noted and answered with a placeholder of its type, so that reading goes on. */
export class EnvReader {
  readonly faults: string[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  fault(text: string): void {
    this.faults.push(text);
  }

  optionalText(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  text(name: string, options: { default?: string } = {}): string {
    const value = this.optionalText(name) ?? options.default;
    if (value === undefined) this.fault(`${name} is not set`);
    return value ?? '';
  }

  /** From `NAME`, or from the file that `NAME_FILE` names, less one line end. */
  optionalSecret(name: string): string | undefined {
    const value = this.optionalText(name);
    const file = this.optionalText(`${name}_FILE`);
    if (value !== undefined && file !== undefined) this.fault(`${name} and ${name}_FILE are both set: choose one`);
    if (file === undefined) return value;
    try {
      const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (content === '') this.fault(`${name}_FILE names an empty file: ${file}`);
      return content;
    } catch {
      this.fault(`${name}_FILE names a file that cannot be read: ${file}`);
      return undefined;
    }
  }

  secret(name: string): string {
    const value = this.optionalSecret(name);
    if (value === undefined) this.fault(`${name} (or ${name}_FILE) is not set`);
    return value ?? '';
  }

  integer(name: string, { min, max, ...options }: { default: number; min: number; max: number }): number {
    const text = this.optionalText(name);
    if (text === undefined) return options.default;
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.fault(`${name} must be an integer from ${min} to ${max}, got ${text}`);
    return options.default;
  }

  /** 0 asks for any free port. */
  port(name: string, options: { default: number }): number {
    return this.integer(name, { ...options, min: 0, max: 65_535 });
  }

  boolean(name: string, options: { default: boolean }): boolean {
    const text = this.optionalText(name);
    if (text === undefined) return options.default;
    if (text === 'true' || text === 'false') return text === 'true';
    this.fault(`${name} must be true or false, got ${text}`);
    return options.default;
  }

  /** `protocols` with their colon, as `amqp:`. The URL may hold a password, so a fault does not show it. */
  optionalUrl(name: string, { protocols }: { protocols: readonly string[] }): string | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    const protocol = protocols.find((candidate) => text.startsWith(`${candidate}//`));
    // Lists of hosts, as MongoDB's, are no URL for the platform's parser: their driver checks them.
    if (protocol === undefined || (!text.includes(',') && !URL.canParse(text))) {
      this.fault(`${name} must be a URL that begins with ${protocols.map((it) => `${it}//`).join(' or ')}`);
    }
    return text;
  }

  url(name: string, options: { protocols: readonly string[]; default?: string }): string {
    const value = this.optionalUrl(name, options) ?? options.default;
    if (value === undefined) this.fault(`${name} is not set`);
    return value ?? '';
  }

  /** Comma list; blanks around and empty items are dropped. */
  list(name: string, options: { default: readonly string[] }): readonly string[] {
    const text = this.optionalText(name);
    if (text === undefined) return options.default;
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
}
