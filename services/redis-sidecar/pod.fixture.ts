import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { issueAuthority, issueServer, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import type { RenderSetting } from '#services/bootstrap/render-config.ts';
import { makeSecret } from '#services/bootstrap/secrets/secret-contents.ts';
import { peerCertificate } from '#shared/runtime/peer-certificate.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { MountedFiles } from '#test/dev-env/mounted-files.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { eventually } from '#test/eventually.ts';
import type { RedisSidecarSetting } from './config.ts';

const hourMs = 3_600_000;
const bootstrap = new URL('../bootstrap/main.ts', import.meta.url).pathname;

/** What runs in the pod of Redis: its ACL by the init container's program, Redis with TLS, the sidecar as a process. */
export class SimulatedPod implements AsyncDisposable {
  readonly authority: KeyPair;
  readonly folder: string;
  readonly #parts = new AsyncDisposableStack();
  readonly #secret = makeSecret('redis');
  #mounted: MountedFiles | undefined;
  #redis: Server | undefined;
  #sidecar: Service | undefined;

  private constructor(authority: KeyPair, folder: string) {
    this.authority = authority;
    this.folder = folder;
    this.#parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  }

  static async create(): Promise<SimulatedPod> {
    const authority = await issueAuthority({ now: Date.now(), lifetimeMs: 10 * hourMs });
    const pod = new SimulatedPod(authority, await mkdtemp(join(tmpdir(), 'sonixy-redis-pod-')));
    const passwords = join(pod.folder, 'passwords');
    await mkdir(passwords);
    for (const [key, value] of Object.entries(pod.#secret)) await writeFile(join(passwords, key), value);
    const env: Partial<Record<RenderSetting, string>> = {
      PASSWORDS_FOLDER: passwords,
      REDIS_ACL_FILE: join(pod.folder, 'rendered.acl'),
      REDIS_SIDECAR_PASSWORD_FILE: join(pod.folder, 'password'),
    };
    await promisify(execFile)(process.execPath, [bootstrap, 'redis-acl'], { env: env as Record<string, string> });
    // The test's Redis 7.0 is older than this subcommand.
    const acl = (await readFile(join(pod.folder, 'rendered.acl'), 'utf8')).replaceAll(' +client|setinfo', '');
    await writeFile(join(pod.folder, 'users.acl'), acl);
    return pod;
  }

  /** Into the mounted Secret: a new certificate, `startsIn` milliseconds from now; `privateKey`: another one's. */
  async mount({ startsIn = 0, privateKey }: { startsIn?: number; privateKey?: string } = {}): Promise<KeyPair> {
    const pair = await issueServer(this.authority, ['localhost'], { now: Date.now() + startsIn, lifetimeMs: hourMs });
    const files = {
      'tls.crt': pair.certificate,
      'tls.key': privateKey ?? pair.privateKey,
      'ca.crt': this.authority.certificate,
    };
    if (this.#mounted) await this.#mounted.replace(files);
    else this.#mounted = this.#parts.use(await MountedFiles.create(files));
    return pair;
  }

  async startRedis(): Promise<void> {
    const tlsFolder = this.#mounted?.folder ?? '';
    this.#redis = this.#parts.use(await startRedis({ tlsFolder, aclFile: join(this.folder, 'users.acl') }));
  }

  async startSidecar(): Promise<void> {
    const opsPort = await freePort();
    const env: Partial<Record<RedisSidecarSetting, string>> = {
      HOST: '127.0.0.1',
      OPS_PORT: String(opsPort),
      REDIS_PORT: String(this.redis.port),
      TLS_FOLDER: this.#mounted?.folder ?? '',
      PASSWORD_FILE: join(this.folder, 'password'),
      CHECK_EVERY_MS: '50',
    };
    this.#sidecar = this.#parts.use(
      await startService({
        main: 'services/redis-sidecar/main.ts',
        env: env as Record<string, string>,
        readyUrl: `http://127.0.0.1:${opsPort}/livez`,
      }),
    );
  }

  get redis(): Server {
    if (!this.#redis) throw new Error('Redis is not started');
    return this.#redis;
  }

  get sidecar(): Service {
    if (!this.#sidecar) throw new Error('the sidecar is not started');
    return this.#sidecar;
  }

  async served(): Promise<string> {
    return (await peerCertificate({ host: 'localhost', port: this.redis.port })).fingerprint256;
  }

  async becomesServed(pair: KeyPair): Promise<void> {
    const why = async () =>
      (await this.served()) === fingerprintOf(pair) ? undefined : `another one is served:\n${this.sidecar.output()}`;
    await eventually(why, { timeoutMs: 150_000 });
  }

  /** Resolves when the sidecar has written it. */
  async says(text: string): Promise<void> {
    const why = () => (this.sidecar.output().includes(text) ? undefined : this.sidecar.output().slice(-2_000));
    await eventually(why, { timeoutMs: 150_000 });
  }

  /** Of a user of the ACL, who verifies whom he talks to. It does not come back by itself. */
  async client(user: 'hub' | 'sidecar'): Promise<Redis> {
    const own = await readFile(join(this.folder, 'password'), 'utf8');
    const client = new Redis({
      ...{ host: 'localhost', port: this.redis.port, username: user, password: this.#secret[user] ?? own },
      tls: { ca: this.authority.certificate },
      enableReadyCheck: false,
      retryStrategy: () => null,
    });
    client.on('error', () => {});
    this.#parts.defer(() => client.disconnect());
    return client;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

export function fingerprintOf({ certificate }: KeyPair): string {
  return new X509Certificate(certificate).fingerprint256;
}
