import type { Store } from '#shared/contract/secrets.ts';
import type { Clock, Timer } from './clock.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { peerCertificate, type TlsServer } from './peer-certificate.ts';

export type StoreCertificatesOptions = {
  /** Of the stores that this process connects to; those without TLS are passed over. */
  readonly urls: readonly (string | undefined)[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** @default 30,000 */
  readonly everyMs?: number;
};

type Stores = { readonly store: Store; readonly servers: readonly TlsServer[] };

/**
 * Tells by a metric until when the certificates of the stores are valid, as they are served: a server that was not told of a
 * renewed one is seen. Behind one name may be several servers, of which each look meets one. Disposal ends the looking.
 */
export function watchStoreCertificates(options: StoreCertificatesOptions): Disposable {
  const { urls, clock, log, metrics, everyMs = 30_000 } = options;
  const stores = urls.flatMap((url) => (url === undefined ? [] : (tlsServersOf(url) ?? [])));
  if (stores.length === 0) return { [Symbol.dispose]() {} };
  const expiry = metrics.gauge(
    'store_certificate_expires_timestamp_seconds',
    'First end of the certificates that the servers of a store show to this process, seconds since 1970',
    ['store'],
  );
  let timer: Timer | undefined;
  let stopped = false;
  const look = async () => {
    await Promise.all(
      stores.map(async ({ store, servers }) => {
        const ends = await Promise.all(servers.map((server) => endOf(server, log)));
        const known = ends.filter((end) => end !== undefined);
        if (known.length > 0) expiry.set({ store }, Math.min(...known));
      }),
    );
    if (!stopped) timer = clock.after(everyMs, () => void look());
  };
  void look();
  return {
    [Symbol.dispose]() {
      stopped = true;
      timer?.cancel();
    },
  };
}

async function endOf(server: TlsServer, log: Logger): Promise<number | undefined> {
  try {
    return (await peerCertificate(server)).validToDate.getTime() / 1_000;
  } catch (err) {
    // Whoever needs the store tells of its absence.
    log.debug({ err, host: server.host }, 'the certificate of a store was not seen');
    return undefined;
  }
}

const schemes: Readonly<Record<string, { readonly store: Store; readonly port: number }>> = {
  'amqps:': { store: 'rabbitmq', port: 5671 },
  'rediss:': { store: 'redis', port: 6379 },
  'mongodb:': { store: 'mongodb', port: 27_017 },
};

/** undefined: none that speaks TLS is named, as in a URL of mongodb+srv. A list of hosts is no URL to `URL`. */
function tlsServersOf(url: string): Stores | undefined {
  const [, scheme = '', hosts = '', query = ''] = /^([a-z+]+:)\/\/(?:.*@)?([^/?#]+)[^?#]*(\?[^#]*)?/.exec(url) ?? [];
  const known = schemes[scheme];
  if (!known) return undefined;
  const options = new URLSearchParams(query);
  if (known.store === 'mongodb' && options.get('tls') !== 'true' && options.get('ssl') !== 'true') return undefined;
  const servers = hosts.split(',').map((text) => {
    const [, host = '', port] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(text) ?? [];
    return { host, port: port === undefined ? known.port : Number(port) };
  });
  return { store: known.store, servers };
}
