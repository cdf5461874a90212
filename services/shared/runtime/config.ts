import { readFileSync } from 'node:fs';

export type Env = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with a process's settings, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/**
 * Reads a flat environment into a typed config. A value that is missing or wrong is noted and replaced by a placeholder,
 * so that `read` gets to the end and all faults are told together.
 *
 * @throws ConfigError
 */
export function readConfig<T, Name extends string = string>(env: Env, read: (reader: EnvReader<Name>) => T): T {
  const faults: string[] = [];
  let config: T;
  try {
    config = read(new EnvReader<Name>(env, faults));
  } catch (error) {
    if (error instanceof ConfigError) faults.push(...error.faults);
    // What throws after a fault stumbled over a placeholder.
    else if (faults.length === 0) throw error;
    throw new ConfigError(faults);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/**
 * `Name`: the settings of a process; one that is not among them does not compile, here or where manifests set it.
 *
 * An empty string counts as unset. Values are shown in faults; those of secrets and passwords in URLs never are.
 */
export class EnvReader<in Name extends string = string> {
  readonly #env: Env;
  readonly #faults: string[];

  constructor(env: Env, faults: string[]) {
    this.#env = env;
    this.#faults = faults;
  }

  /** Notes a fault that concerns several settings. */
  fault(text: string): void {
    this.#faults.push(text);
  }

  text(name: Name, options: { default?: string } = {}): string {
    return this.optionalText(name) ?? options.default ?? this.#missing(name, '');
  }

  optionalText(name: Name): string | undefined {
    return this.#value(name);
  }

  /** `NAME`, or the content of the file that `NAME_FILE` names, less one trailing newline. */
  secret(name: Name, options: { minBytes?: number } = {}): string {
    return this.optionalSecret(name, options) ?? this.#missing(name, '', ` (or ${name}_FILE)`);
  }

  optionalSecret(name: Name, { minBytes = 1 }: { minBytes?: number } = {}): string | undefined {
    const secret = this.#textOrFile(name);
    const bytes = Buffer.byteLength(secret ?? '');
    if (secret && bytes < minBytes) this.fault(`${name} must have at least ${minBytes} bytes, got ${bytes}`);
    return secret;
  }

  /** 0 lets the system choose. */
  port(name: Name, options: { default?: number } = {}): number {
    return this.integer(name, { ...options, min: 0, max: 65_535 });
  }

  integer(name: Name, { default: fallback, min, max }: { default?: number; min: number; max: number }): number {
    const text = this.optionalText(name);
    if (text === undefined) return fallback ?? this.#missing(name, min);
    const value = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    this.fault(`${name} must be a whole number of ${min} to ${max}, got ${quote(text)}`);
    return min;
  }

  choice<T extends string>(name: Name, choices: readonly [T, ...T[]], options: { default?: T } = {}): T {
    const text = this.optionalText(name);
    if (text === undefined) return options.default ?? this.#missing(name, choices[0]);
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) this.fault(`${name} must be one of ${choices.join(', ')}, got ${quote(text)}`);
    return chosen ?? choices[0];
  }

  /** `true` or `false`, also `1` or `0`. */
  boolean(name: Name, options: { default?: boolean } = {}): boolean {
    const text = this.optionalText(name);
    if (text === undefined) return options.default ?? this.#missing(name, false);
    if (text === 'true' || text === '1') return true;
    if (text !== 'false' && text !== '0') this.fault(`${name} must be true or false, got ${quote(text)}`);
    return false;
  }

  /** `protocols` with their colon, as `['amqp:', 'amqps:']`. May hold a password, so `NAME_FILE` works too. */
  url(name: Name, options: { protocols: readonly string[]; default?: string }): string {
    return this.optionalUrl(name, options) ?? options.default ?? this.#missing(name, '');
  }

  optionalUrl(name: Name, { protocols }: { protocols: readonly string[] }): string | undefined {
    const text = this.#textOrFile(name);
    if (!text) return text;
    if (!protocols.some((protocol) => text.startsWith(`${protocol}//`)) || !namesHost(text)) {
      const schemes = protocols.map((protocol) => `${protocol}//`).join(' or ');
      this.fault(`${name} must be a URL of ${schemes}, got ${quote(withoutUserInfo(text))}`);
    }
    return text;
  }

  /**
   * A URL that names a user, and his password from a setting (or file) of its own: a Secret then holds nothing but the
   * password. Both together in the URL work too.
   */
  urlOfUser(name: Name, passwordName: Name, options: { protocols: readonly string[] }): string {
    return this.optionalUrlOfUser(name, passwordName, options) ?? this.#missing(name, '');
  }

  optionalUrlOfUser(name: Name, passwordName: Name, options: { protocols: readonly string[] }): string | undefined {
    const url = this.optionalUrl(name, options);
    const password = this.optionalSecret(passwordName);
    if (!url || password === undefined) return url;
    const [, scheme = '', user] = /^([a-z][a-z0-9+.-]*:\/\/)([^:@/]+)@/i.exec(url) ?? [];
    if (user === undefined) {
      this.fault(`${name} must name a user and no password where ${passwordName} is set`);
      return url;
    }
    return `${scheme}${user}:${encodeURIComponent(password)}${url.slice(scheme.length + user.length)}`;
  }

  /** Comma-separated; blanks around entries and empty entries are dropped. */
  list(name: Name, options: { default?: readonly string[] } = {}): readonly string[] {
    const text = this.optionalText(name);
    if (text === undefined) return options.default ?? this.#missing(name, []);
    return text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry.length > 0);
  }

  #value(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  #textOrFile(name: string): string | undefined {
    const value = this.#value(name);
    const file = this.#value(`${name}_FILE`);
    if (file === undefined) return value;
    if (value !== undefined) {
      this.fault(`${name} and ${name}_FILE are both set: unset one of them`);
      return value;
    }
    return this.#contentOf(`${name}_FILE`, file);
  }

  #missing<T>(name: string, placeholder: T, alternative = ''): T {
    this.fault(`${name}${alternative} is required`);
    return placeholder;
  }

  #contentOf(name: string, file: string): string {
    try {
      const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
      if (content.length > 0) return content;
      this.fault(`${name}: the file ${quote(file)} is empty`);
    } catch (error) {
      this.fault(`${name}: can't read ${quote(file)} (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
    }
    return '';
  }
}

function quote(value: string): string {
  return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
}

function withoutUserInfo(url: string): string {
  // Greedy: a password may itself hold an unescaped `@`. Without a scheme there is no telling what part is secret.
  return url.includes('@') ? url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, '$1***@') : url;
}

function namesHost(url: string): boolean {
  // A list of hosts (`mongodb://a:1,b:2/`) is a URL to its driver though not to `URL`.
  const firstHostOnly = url.replace(/(:\/\/(?:[^/]*@)?[^/,]+),[^/?]*/, '$1');
  return URL.canParse(firstHostOnly) && new URL(firstHostOnly).host !== '';
}
