import { type Document, MongoClient, MongoServerError } from 'mongodb';
import { Problem } from '../problem.ts';
import type { MongoUser, Role } from '../users/users.ts';
import { type MemberLook, type SetConfig, toLook } from './member-look.ts';

/** Codes of mongod. */
const codes = { unauthorized: 13, authenticationFailed: 18, notYetInitialized: 94, userExists: 51_003 } as const;

export type MongoMemberOptions = {
  /** Of mongod on localhost. */
  readonly port: number;
  /** It is not verified: nobody else is on this localhost, and one whose certificate has run out must be told, too. */
  readonly tls: boolean;
};

export type Credentials = { readonly user: MongoUser; readonly password: string };

/**
 * The mongod in this pod, and no other member. While the set has no user, mongod lets nobodies on localhost initiate it and
 * make the first user: that is the localhost exception. Every call throws a Problem when mongod does not answer or refuses.
 */
export class MongoMember {
  readonly #options: MongoMemberOptions;
  readonly #clients = new Map<string, MongoClient>();
  #closed = false;

  constructor(options: MongoMemberOptions) {
    this.#options = options;
  }

  async look(): Promise<MemberLook> {
    return toLook(await this.#run({ hello: 1 }));
  }

  /** Whether it has no configuration and no data that anybody must log in for: the only state that a set may be made of. */
  async isUninitiated(): Promise<boolean> {
    try {
      await this.#run({ replSetGetStatus: 1 });
      return false;
    } catch (error) {
      return codeOf(error) === codes.notYetInitialized;
    }
  }

  /** Refused by mongod unless all members answer and have neither data nor a configuration. */
  async initiate(set: string, members: readonly string[]): Promise<void> {
    await this.#run({ replSetInitiate: { _id: set, members: members.map((host, _id) => ({ _id, host })) } });
  }

  /** By the localhost exception. False when there are users already, of whom this may be one. */
  async createFirstUser({ user, password }: Credentials, roles: readonly Role[]): Promise<boolean> {
    try {
      await this.#run(createUser(user, password, roles));
      return true;
    } catch (error) {
      if (codeOf(error) === codes.unauthorized) return false;
      throw error;
    }
  }

  async canLogIn(credentials: Credentials): Promise<boolean> {
    const client = this.#connect(credentials);
    try {
      await client.connect();
      await client.db('admin').command({ ping: 1 });
      return true;
    } catch (error) {
      if (codeOf(error) === codes.authenticationFailed) return false;
      throw explained(error);
    } finally {
      await client.close();
    }
  }

  async usersKnown(admin: Credentials): Promise<ReadonlyMap<string, readonly Role[]>> {
    const { users } = await this.#run({ usersInfo: 1 }, admin);
    return new Map((users as { user: string; roles: Role[] }[]).map(({ user, roles }) => [user, roles]));
  }

  /** Nothing when somebody else was faster. */
  async createUser(admin: Credentials, { user, password }: Credentials, roles: readonly Role[]): Promise<void> {
    await this.#run(createUser(user, password, roles), admin).catch((error: unknown) => {
      if (codeOf(error) !== codes.userExists) throw error;
    });
  }

  async setRoles(admin: Credentials, user: MongoUser, roles: readonly Role[]): Promise<void> {
    await this.#run({ updateUser: user, roles, writeConcern }, admin);
  }

  async setPassword(admin: Credentials, { user, password }: Credentials): Promise<void> {
    await this.#run({ updateUser: user, pwd: password, mechanisms, writeConcern }, admin);
  }

  async configuration(admin: Credentials): Promise<SetConfig> {
    const { config } = await this.#run({ replSetGetConfig: 1 }, admin);
    return config as SetConfig;
  }

  /** Names of the states of all members, as `PRIMARY`. */
  async states(admin: Credentials): Promise<readonly string[]> {
    const { members } = await this.#run({ replSetGetStatus: 1 }, admin);
    return (members as { stateStr: string }[]).map(({ stateStr }) => stateStr);
  }

  /** Refused by mongod unless a majority of the new configuration answers. */
  async reconfigure(admin: Credentials, config: SetConfig): Promise<void> {
    await this.#run({ replSetReconfig: config }, admin);
  }

  /** For new connections; those that are open keep what they began with. */
  async rotateCertificates(admin: Credentials): Promise<void> {
    await this.#run({ rotateCertificates: 1 }, admin);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  async #run(command: Document, as?: Credentials): Promise<Document> {
    const key = as ? `${as.user}:${as.password}` : '';
    const client = this.#clients.get(key) ?? this.#connect(as);
    this.#clients.set(key, client);
    try {
      // Explicitly: after a first connect that failed, calls that connect by themselves find a closed topology for ever.
      await client.connect();
      return await client.db('admin').command(command);
    } catch (error) {
      throw explained(error);
    }
  }

  #connect(as?: Credentials): MongoClient {
    if (this.#closed) throw new Problem('the connection is closed');
    const { port, tls } = this.#options;
    return new MongoClient(`mongodb://localhost:${port}/`, {
      appName: 'mongodb-sidecar',
      directConnection: true,
      serverSelectionTimeoutMS: 2_000,
      connectTimeoutMS: 5_000,
      // An initiation asks all members, and waits for those that do not answer.
      socketTimeoutMS: 30_000,
      maxPoolSize: 2,
      ...(tls ? { tls, tlsAllowInvalidCertificates: true } : {}),
      ...(as ? { auth: { username: as.user, password: as.password }, authSource: 'admin', authMechanism } : {}),
    });
  }
}

const authMechanism = 'SCRAM-SHA-256';
const mechanisms = [authMechanism];
/** A user that a failover takes back would be one that clients have logged in as. */
const writeConcern = { w: 'majority', wtimeout: 10_000 };

function createUser(user: MongoUser, pwd: string, roles: readonly Role[]): Document {
  return { createUser: user, pwd, roles, mechanisms, writeConcern };
}

/** By code and name: the driver's errors may hold the command, and with it a password. */
function explained(error: unknown): Problem {
  if (error instanceof MongoServerError) {
    const why = `mongod refused: ${error.codeName ?? 'error'} (${error.code ?? 'no code'})`;
    return new Problem(isAboutMembers(error) ? `${why}: ${error.errmsg ?? error.message}` : why, {
      cause: { code: error.code },
    });
  }
  return new Problem(`mongod does not answer (${error instanceof Error ? error.message : 'unknown reason'})`);
}

/** Whose text names members and the set only. */
function isAboutMembers({ code }: MongoServerError): boolean {
  return [74, 93, 103, 108, 109, 110, 140, 308].includes(Number(code));
}

function codeOf(error: unknown): number | undefined {
  const { code } = error instanceof Problem ? ((error.cause ?? {}) as { code?: number }) : (error as { code?: number });
  return typeof code === 'number' ? code : undefined;
}
