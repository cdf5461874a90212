import { type Store, secrets, stores } from '#shared/contract/secrets.ts';
import type { External, ExternalStore, PlatformProps } from '../platform-props.ts';

/** Port that each scheme means where a URL names none. */
const schemes: Readonly<Record<Store, Readonly<Record<string, number>>>> = {
  rabbitmq: { 'amqps:': 5671, 'amqp:': 5672 },
  mongodb: { 'mongodb:': 27_017, 'mongodb+srv:': 27_017 },
  redis: { 'rediss:': 6379, 'redis:': 6379 },
};

/** Scheme, hosts and the rest: a list of hosts is no URL to `URL`. */
const form = /^([a-z+]+:)\/\/([^/?#@]+)((?:\/[^?#@]*)?(?:\?[^#@]*)?)$/;

/** undefined: the platform runs its own. */
export function externalOf(platform: PlatformProps, store: Store): ExternalStore | undefined {
  return platform[store].external;
}

/** Of a store that the platform runs. @throws Error when it runs none */
export function ownStore<S extends Store>(platform: PlatformProps, store: S): Exclude<PlatformProps[S], External> {
  const props: PlatformProps[Store] = platform[store];
  if (props.external) throw new Error(`${store} is external: there is nothing to run`);
  return props as Exclude<PlatformProps[S], External>;
}

/** Those that the platform runs. */
export function ownStores(platform: PlatformProps): Store[] {
  return stores.filter((store) => externalOf(platform, store) === undefined);
}

/** As a service connects; its password is not in it. */
export function externalUrl(external: ExternalStore, user: string): string {
  const { scheme, hosts, rest } = partsOf(external);
  return `${scheme}//${user}@${hosts}${rest}`;
}

/** All ports that its hosts listen on. */
export function externalPorts(store: Store, external: ExternalStore): number[] {
  const { scheme, hosts } = partsOf(external);
  const usual = schemes[store][scheme];
  return [...new Set(hosts.split(',').map((host) => Number(/:(\d+)$/.exec(host)?.[1] ?? usual)))];
}

/** What is wrong with it; the URL is shown without a user, which may come with a password. */
export function externalFaults(store: Store, { url, passwords }: ExternalStore): string[] {
  const faults: string[] = [];
  const known = Object.keys(schemes[store]);
  const scheme = form.exec(url)?.[1] ?? '';
  if (!known.includes(scheme)) {
    const wanted = known.map((it) => `${it}//`).join(' or ');
    const shown = url.replace(/\/\/.*@/, '//***@');
    faults.push(`${store}.external.url must be ${wanted} with hosts and no user, got ${JSON.stringify(shown)}`);
  }
  if (Object.values(secrets).some(({ name }) => name === passwords)) {
    faults.push(`${store}.external.passwords must be another Secret than ${passwords}, which bootstrap makes`);
  }
  return faults;
}

function partsOf({ url }: ExternalStore) {
  const [, scheme = '', hosts = '', rest = ''] = form.exec(url) ?? [];
  return { scheme, hosts, rest };
}
