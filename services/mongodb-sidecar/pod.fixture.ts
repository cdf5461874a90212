import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { issueAuthority, issueServer, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import { makeSecret } from '#services/bootstrap/secrets/secret-contents.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startMongod } from '#test/dev-env/mongod.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import type { Server } from '#test/dev-env/server.ts';
import { eventually } from '#test/eventually.ts';
import type { SidecarSetting } from './config.ts';
import type { MongoUser } from './users/users.ts';

const hour = 3_600_000;

/** The Secrets of one set, and its pods. */
export class SimulatedSet implements AsyncDisposable {
  readonly folder: string;
  readonly secret: Readonly<Record<string, string>>;
  readonly authority: KeyPair | undefined;
  readonly #parts = new AsyncDisposableStack();

  private constructor(folder: string, authority: KeyPair | undefined) {
    this.folder = folder;
    this.secret = makeSecret('mongodb');
    this.authority = authority;
    this.#parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  }

  static async create({ tls = true }: { tls?: boolean } = {}): Promise<SimulatedSet> {
    const authority = tls ? await issueAuthority({ now: Date.now(), lifetimeMs: 10 * hour }) : undefined;
    const set = new SimulatedSet(await mkdtemp(join(tmpdir(), 'sonixy-mongodb-')), authority);
    await mkdir(set.passwordsFolder);
    for (const [key, value] of Object.entries(set.secret)) await writeFile(join(set.passwordsFolder, key), value);
    await mkdir(set.tlsFolder);
    if (authority) await set.mountCertificate(authority);
    return set;
  }

  get passwordsFolder(): string {
    return join(this.folder, 'passwords');
  }

  get tlsFolder(): string {
    return join(this.folder, 'tls');
  }

  password(user: MongoUser): string {
    return this.secret[user] ?? '';
  }

  async writePassword(user: MongoUser, password: string): Promise<void> {
    await writeFile(join(this.passwordsFolder, user), password);
  }

  async removeCertificate(): Promise<void> {
    await rm(join(this.tlsFolder, 'tls.crt'));
  }

  /** A new one of `authority`, issued `hoursAgo`; `trusted`: PEM of ca.crt. */
  async mountCertificate(
    authority: KeyPair,
    { trusted = authority.certificate, hours = 1, hoursAgo = 0 } = {},
  ): Promise<KeyPair> {
    const validity = { now: Date.now() - hoursAgo * hour, lifetimeMs: hours * hour };
    const pair = await issueServer(authority, ['localhost'], validity);
    await writeFile(join(this.tlsFolder, 'tls.crt'), pair.certificate);
    await writeFile(join(this.tlsFolder, 'tls.key'), pair.privateKey);
    await writeFile(join(this.tlsFolder, 'ca.crt'), trusted);
    return pair;
  }

  async newPod(): Promise<SimulatedPod> {
    return this.#parts.use(await SimulatedPod.create(this));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#parts.disposeAsync();
  }
}

/** What runs in a pod: the sidecar as a process, and a mongod. Neither is started. */
export class SimulatedPod implements AsyncDisposable {
  readonly set: SimulatedSet;
  readonly port: number;
  readonly opsPort: number;
  readonly folder: string;
  #sidecar: Service | undefined;
  #mongod: Server | undefined;

  private constructor(set: SimulatedSet, ports: { port: number; opsPort: number }, folder: string) {
    this.set = set;
    this.port = ports.port;
    this.opsPort = ports.opsPort;
    this.folder = folder;
  }

  static async create(set: SimulatedSet): Promise<SimulatedPod> {
    const pod = new SimulatedPod(
      set,
      { port: await freePort(), opsPort: await freePort() },
      await mkdtemp(`${set.folder}/pod-`),
    );
    const keyFile = join(pod.folder, 'key-file');
    await writeFile(keyFile, set.secret['key-file'] ?? '');
    await chmod(keyFile, 0o400);
    return pod;
  }

  get host(): string {
    return `localhost:${this.port}`;
  }

  get sidecar(): Service {
    if (!this.#sidecar) throw new Error('the sidecar is not started');
    return this.#sidecar;
  }

  get mongod(): Server {
    if (!this.#mongod) throw new Error('mongod is not started');
    return this.#mongod;
  }

  get dataFolder(): string {
    return join(this.folder, 'data');
  }

  /** Resolves when its `/livez` answers, which is when Kubernetes starts mongod. */
  async startSidecar(members: readonly SimulatedPod[] = [this]): Promise<void> {
    await this.#sidecar?.kill();
    const env: Partial<Record<SidecarSetting, string>> = {
      HOST: '127.0.0.1',
      OPS_PORT: String(this.opsPort),
      MONGODB_PORT: String(this.port),
      SET_MEMBERS: members.map(({ host }) => host).join(),
      SET_SELF: this.host,
      PASSWORDS_FOLDER: this.set.passwordsFolder,
      CHECK_EVERY_MS: '50',
      ...(this.set.authority ? { TLS_FOLDER: this.set.tlsFolder, TLS_PEM_FILE: join(this.folder, 'server.pem') } : {}),
    };
    this.#sidecar = await startService({
      main: 'services/mongodb-sidecar/main.ts',
      env: env as Record<string, string>,
      readyUrl: `http://127.0.0.1:${this.opsPort}/livez`,
    });
  }

  async startMongod(): Promise<void> {
    const tls = { pemFile: join(this.folder, 'server.pem'), caFile: join(this.set.tlsFolder, 'ca.crt') };
    this.#mongod = await startMongod({
      port: this.port,
      dataFolder: this.dataFolder,
      replicaSet: 'rs0',
      keyFile: join(this.folder, 'key-file'),
      ...(this.set.authority ? { tls } : {}),
    });
  }

  async start(members: readonly SimulatedPod[] = [this]): Promise<void> {
    await this.startSidecar(members);
    await this.startMongod();
  }

  /** Details of `/readyz` by part, with whether the pod is ready. */
  async readiness(): Promise<{ ready: boolean; member: string; users: string }> {
    const response = await fetch(`http://127.0.0.1:${this.opsPort}/readyz`);
    const { ready, parts } = (await response.json()) as {
      ready: boolean;
      parts: Record<'member' | 'users', { detail: string }>;
    };
    if (response.ok !== ready) throw new Error(`/readyz answers ${response.status} and ready: ${ready}`);
    return { ready, member: parts.member.detail, users: parts.users.detail };
  }

  async becomesReady(): Promise<void> {
    const why = async () => {
      const report = await this.readiness();
      return report.ready ? undefined : `${JSON.stringify(report)}\n${this.sidecar.output().slice(-2_000)}`;
    };
    await eventually(why, { timeoutMs: 150_000 });
  }

  /** Resolves when the sidecar has written it since its start. */
  async says(text: string): Promise<void> {
    const why = () => (this.sidecar.output().includes(text) ? undefined : this.sidecar.output().slice(-2_000));
    await eventually(why, { timeoutMs: 150_000 });
  }

  /** A client as our services are, or nobody. The caller closes it. */
  async client(user?: MongoUser, password = user && this.set.password(user)): Promise<MongoClient> {
    const ca = this.set.authority ? await readFile(join(this.set.tlsFolder, 'ca.crt'), 'utf8') : undefined;
    return new MongoClient(`mongodb://${this.host}/?replicaSet=rs0`, {
      serverSelectionTimeoutMS: 30_000,
      ...(ca ? { tls: true, ca } : {}),
      ...(user ? { auth: { username: user, password: password ?? '' }, authSource: 'admin' } : {}),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sidecar?.kill();
    await this.#mongod?.[Symbol.asyncDispose]();
  }
}
