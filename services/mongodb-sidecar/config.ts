import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';

export type SidecarSetting =
  | 'HOST'
  | 'OPS_PORT'
  | 'MONGODB_PORT'
  | 'SET_NAME'
  | 'SET_MEMBERS'
  | 'SET_SELF'
  | 'PASSWORDS_FOLDER'
  | 'TLS_FOLDER'
  | 'TLS_PEM_FILE'
  | 'CHECK_EVERY_MS';

export type TlsFiles = {
  /** Of the mounted Secret: tls.crt, tls.key, ca.crt. */
  readonly folder: string;
  /** Certificate and key in one file, as mongod wants them. Written here. */
  readonly pemFile: string;
};

export type SidecarConfig = {
  readonly host: string;
  readonly opsPort: number;
  /** Of the mongod in this pod, on localhost. */
  readonly memberPort: number;
  /** Name of the replica set. */
  readonly set: string;
  /** `host:port` of each member that the set is to have. The first one initiates it. */
  readonly members: readonly string[];
  /** Which of them is in this pod. */
  readonly self: string;
  /** Of the mounted Secret: a file for each user. Read again and again. */
  readonly passwordsFolder: string;
  readonly tls: TlsFiles | undefined;
  readonly checkEveryMs: number;
};

/** @throws ConfigError with every fault */
export function readSidecarConfig(env: Env): SidecarConfig {
  return readConfig(env, (reader: EnvReader<SidecarSetting>) => {
    const members = reader.list('SET_MEMBERS');
    for (const member of members) {
      if (!/^[a-z0-9.-]+:\d{1,5}$/i.test(member)) reader.fault(`SET_MEMBERS must hold host:port, got ${member}`);
    }
    const self = reader.text('SET_SELF');
    // With a pod that the set is not to have there is nothing to do: it waits for who shrinks the StatefulSet.
    if (!/^[a-z0-9.-]+:\d{1,5}$/i.test(self)) reader.fault(`SET_SELF must be host:port, got ${self}`);
    return {
      host: reader.text('HOST', { default: '0.0.0.0' }),
      opsPort: reader.port('OPS_PORT', { default: 9100 }),
      memberPort: reader.port('MONGODB_PORT', { default: 27_017 }),
      set: reader.text('SET_NAME', { default: 'rs0' }),
      members,
      self,
      passwordsFolder: reader.text('PASSWORDS_FOLDER'),
      tls: readTls(reader),
      checkEveryMs: reader.integer('CHECK_EVERY_MS', { default: 2_000, min: 10, max: 600_000 }),
    };
  });
}

function readTls(reader: EnvReader<SidecarSetting>): TlsFiles | undefined {
  const folder = reader.optionalText('TLS_FOLDER');
  const pemFile = reader.optionalText('TLS_PEM_FILE');
  if (folder !== undefined && pemFile !== undefined) return { folder, pemFile };
  if (folder !== pemFile) reader.fault('TLS_FOLDER and TLS_PEM_FILE go together');
  return undefined;
}
