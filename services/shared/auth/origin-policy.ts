import { ConfigError } from '#shared/runtime/config.ts';

export type OriginPolicy = {
  /** `origin`: the header as received. Exact match; no substring, no wildcard, never `null`. */
  allows(origin: string | undefined): boolean;
};

/**
 * @param options.origins as browsers send them: `https://app.example`, `http://localhost:3000`
 * @param options.allowAbsent whether clients that send no Origin (anything but a browser) may come in
 * @throws ConfigError for an entry that no browser would ever send
 */
export function createOriginPolicy(options: { origins: readonly string[]; allowAbsent: boolean }): OriginPolicy {
  const { origins, allowAbsent } = options;
  const wrong = origins.filter((origin) => !isOrigin(origin));
  if (wrong.length > 0) {
    throw new ConfigError(
      wrong.map((origin) => `an origin must read scheme://host or scheme://host:port, got ${JSON.stringify(origin)}`),
    );
  }
  const allowed = new Set(origins);
  return { allows: (origin) => (origin === undefined ? allowAbsent : allowed.has(origin)) };
}

function isOrigin(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
