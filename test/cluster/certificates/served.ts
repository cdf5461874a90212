import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { certificateKeys, certificateSecrets, type Store, stores } from '#shared/contract/secrets.ts';
import type { Secret } from '../api/objects.ts';
import type { Cluster } from '../client/cluster.ts';
import type { Forward } from '../tunnel/tunnel.ts';

const servers: Readonly<Record<Store, { readonly name: string; readonly port: number }>> = {
  rabbitmq: { name: 'rabbitmq', port: 5671 },
  mongodb: { name: 'mongodb-0.mongodb', port: 27_017 },
  redis: { name: 'redis', port: 6379 },
};

/** Certificates of a platform's stores: as they lie in its Secrets, and as they are served. */
export class StoreCertificates implements AsyncDisposable {
  readonly #cluster: Cluster;
  readonly #forwards: Readonly<Record<Store, Forward>>;

  private constructor(cluster: Cluster, forwards: Readonly<Record<Store, Forward>>) {
    this.#cluster = cluster;
    this.#forwards = forwards;
  }

  static async of(cluster: Cluster): Promise<StoreCertificates> {
    const open = async (store: Store) => {
      const { name, port } = servers[store];
      return [store, await cluster.forward(`${name}.${cluster.namespace}.svc`, port)] as const;
    };
    const forwards = Object.fromEntries(await Promise.all(stores.map(open))) as Record<Store, Forward>;
    return new StoreCertificates(cluster, forwards);
  }

  /** What is served now to whoever trusts nobody but the Secret's authorities. Rejects where that is not to be trusted. */
  async served(): Promise<Record<Store, X509Certificate>> {
    return this.#each(async (store) => {
      const { ca } = await this.#secret(store);
      const { name } = servers[store];
      const servername = `${name}.${this.#cluster.namespace}.svc`;
      return shown({ host: '127.0.0.1', port: this.#forwards[store].port, servername, ca });
    });
  }

  async issued(): Promise<Record<Store, X509Certificate>> {
    return this.#each(async (store) => (await this.#secret(store)).certificate);
  }

  /** How many authorities each Secret says are to be trusted. */
  async authorities(): Promise<Record<Store, number>> {
    return this.#each(async (store) => (await this.#secret(store)).ca.split('BEGIN CERTIFICATE').length - 1);
  }

  /** Why not every store serves what lies in its Secret. */
  async whyNotServed(): Promise<string | undefined> {
    const [issued, served] = [await this.issued(), await this.served()];
    const others = stores.filter((store) => issued[store].serialNumber !== served[store].serialNumber);
    return others.length === 0 ? undefined : `${others} serve another certificate than the one that was issued`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.#forwards).map((forward) => forward.close()));
  }

  async #secret(store: Store): Promise<{ certificate: X509Certificate; ca: string }> {
    const { data = {} } = await this.#cluster.get<Secret>('Secret', certificateSecrets[store]);
    const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
    return { certificate: new X509Certificate(text(certificateKeys.certificate)), ca: text(certificateKeys.trusted) };
  }

  async #each<T>(of: (store: Store) => Promise<T>): Promise<Record<Store, T>> {
    return Object.fromEntries(await Promise.all(stores.map(async (it) => [it, await of(it)]))) as Record<Store, T>;
  }
}

type Server = { readonly host: string; readonly port: number; readonly servername: string; readonly ca: string };

function shown(server: Server): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect(server);
    socket.setTimeout(10_000, () => socket.destroy(new Error(`${server.servername} does not answer`)));
    socket.once('error', reject).once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate) resolve(certificate);
      else reject(new Error(`${server.servername} shows no certificate`));
      socket.destroy();
    });
  });
}
