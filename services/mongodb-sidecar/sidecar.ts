import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import type { ServedCertificate } from './certificates/served-certificate.ts';
import { type MemberLook, withNextMember } from './member/member-look.ts';
import type { Credentials, MongoMember } from './member/mongo-member.ts';
import { Problem } from './problem.ts';
import { createSidecarMetrics, type SidecarMetrics } from './sidecar-metrics.ts';
import { credentialsOf, ensureUsers, usersThatLack } from './users/ensure-users.ts';
import { readPasswords } from './users/read-passwords.ts';
import type { Passwords } from './users/users.ts';

export type SidecarOptions = {
  /** Stays the caller's. */
  readonly member: MongoMember;
  readonly certificate: ServedCertificate | undefined;
  readonly set: string;
  readonly members: readonly string[];
  readonly self: string;
  readonly passwordsFolder: string;
  readonly checkEveryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
};

/** Users change by a restore, too: they are looked at again, though nothing here changed. */
const usersEveryMs = 60_000;

/**
 * Brings this pod's member to where it is to be, one look after the other: nothing is remembered that a look could not find
 * out again, so that an end at any moment is harmless. What stands in the way is told by `/readyz`, and in the log once.
 */
export class Sidecar {
  readonly #options: SidecarOptions;
  readonly #metrics: SidecarMetrics;
  #usersSeen: { readonly passwords: string; readonly at: number } | undefined;
  /** Version of the certificate that mongod was told to load. */
  #loaded: string | undefined;
  readonly #told = { member: '', certificate: '' };
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: SidecarOptions) {
    this.#options = options;
    this.#metrics = createSidecarMetrics(options.metrics, options.certificate);
    options.readiness.set('member', { ready: false, required: true, detail: 'waiting for mongod' });
    options.readiness.set('users', { ready: false, required: true, detail: 'waiting for mongod' });
  }

  /** Does not wait for mongod, which starts later. */
  start(): void {
    if (!this.#stopped) this.#turn = this.#lookAndGoOn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#options.member.close();
    await this.#turn;
  }

  async #lookAndGoOn(): Promise<void> {
    try {
      await this.#refreshCertificate();
      await this.#check();
      this.#tell('member', '');
    } catch (error) {
      if (this.#stopped) return;
      this.#metrics.failures.inc();
      if (error instanceof Problem) this.#tell('member', error.message);
      else this.#options.log.error({ err: error }, 'looking at the member failed');
    }
    if (!this.#stopped) this.#timer = this.#options.clock.after(this.#options.checkEveryMs, () => this.start());
  }

  async #check(): Promise<void> {
    const { member, certificate, passwordsFolder } = this.#options;
    const look = await this.#look();
    const passwords = await readPasswords(passwordsFolder);
    if (look.state === 'unconfigured') return this.#initiate();
    if (look.state === 'other') return;
    await this.#checkUsers(look, passwords);
    const admin = credentialsOf('admin', passwords);
    if (certificate && certificate.version !== this.#loaded) {
      await member.rotateCertificates(admin);
      this.#loaded = certificate.version;
      this.#done('certificate', { validTo: certificate.validTo }, 'mongod serves the certificate of the Secret');
    }
    if (look.state === 'primary') await this.#grow(admin);
  }

  async #refreshCertificate(): Promise<void> {
    try {
      await this.#options.certificate?.refresh();
      this.#tell('certificate', '');
    } catch (error) {
      // With what it has, mongod goes on.
      if (!(error instanceof Problem)) throw error;
      this.#tell('certificate', error.message);
    }
  }

  async #look(): Promise<MemberLook> {
    const { member, readiness } = this.#options;
    let state: MemberLook['state'] | 'silent' = 'silent';
    try {
      const look = await member.look();
      state = look.state;
      return look;
    } finally {
      const serving = state === 'primary' || state === 'secondary';
      this.#metrics.primary.set(state === 'primary' ? 1 : 0);
      this.#metrics.serving.set(serving ? 1 : 0);
      readiness.set('member', { ready: serving, required: true, detail: state });
    }
  }

  async #initiate(): Promise<void> {
    const { member, set, members, self } = this.#options;
    if (self !== members[0]) throw new Problem(`waiting to be taken into the set by ${members[0]}`);
    if (!(await member.isUninitiated())) throw new Problem('mongod reads its configuration');
    await member.initiate(set, members);
    this.#done('initiate', { set, members }, 'the replica set is initiated');
  }

  async #checkUsers({ state }: MemberLook, passwords: Passwords): Promise<void> {
    const { member, clock, readiness } = this.#options;
    const seen = this.#usersSeen;
    const now = clock.now();
    const wanted = JSON.stringify(passwords);
    if (seen && seen.passwords === wanted && now - seen.at < usersEveryMs) return;
    this.#usersSeen = undefined;
    try {
      if (state === 'primary') {
        await ensureUsers(member, passwords, (change) => this.#done('user', change, 'a user of MongoDB is mended'));
      } else {
        const lacking = await usersThatLack(member, passwords);
        if (lacking.length > 0) throw new Problem(`waiting for the primary to make ${lacking.join(', ')}`);
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'not looked at';
      readiness.set('users', { ready: false, required: true, detail });
      throw error;
    }
    this.#usersSeen = { passwords: wanted, at: now };
    readiness.set('users', { ready: true, required: true, detail: 'can log in' });
  }

  async #grow(admin: Credentials): Promise<void> {
    const { member, members } = this.#options;
    const config = withNextMember(await member.configuration(admin), members);
    if (!config) return;
    // The last one that came has its copy of the data first.
    const states = await member.states(admin);
    const settled = states.every((state) => state === 'PRIMARY' || state === 'SECONDARY');
    if (!settled) throw new Problem(`a member is added once the others are well: ${states.join(', ')}`);
    await member.reconfigure(admin, config);
    this.#done('grow', { host: config.members.at(-1)?.host }, 'a member is added to the set');
  }

  #done(step: 'initiate' | 'user' | 'certificate' | 'grow', fields: object, text: string): void {
    this.#metrics.steps.inc({ step });
    this.#options.log.info(fields, text);
  }

  /** Each reason once. */
  #tell(about: 'member' | 'certificate', reason: string): void {
    if (reason === this.#told[about]) return;
    if (reason !== '') this.#options.log.warn({ reason }, 'waiting');
    this.#told[about] = reason;
  }
}
