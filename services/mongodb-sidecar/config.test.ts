import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { readSidecarConfig } from './config.ts';

const env = {
  SET_MEMBERS: 'mongodb-0.mongodb:27017,mongodb-1.mongodb:27017',
  SET_SELF: 'mongodb-1.mongodb:27017',
  PASSWORDS_FOLDER: '/passwords',
};

function faultsOf(overrides: Record<string, string>): readonly string[] {
  try {
    readSidecarConfig({ ...env, ...overrides });
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
}

describe('readSidecarConfig', () => {
  it('has defaults for all but members and passwords', () => {
    expect(readSidecarConfig(env)).toEqual({
      host: '0.0.0.0',
      opsPort: 9100,
      memberPort: 27_017,
      set: 'rs0',
      members: ['mongodb-0.mongodb:27017', 'mongodb-1.mongodb:27017'],
      self: 'mongodb-1.mongodb:27017',
      passwordsFolder: '/passwords',
      tls: undefined,
      checkEveryMs: 2_000,
    });
    expect(() => readSidecarConfig({})).toThrow(ConfigError);
  });

  it('takes both settings of TLS or none', () => {
    expect(readSidecarConfig({ ...env, TLS_FOLDER: '/tls', TLS_PEM_FILE: '/pem/server.pem' }).tls).toEqual({
      folder: '/tls',
      pemFile: '/pem/server.pem',
    });
    expect(faultsOf({ TLS_FOLDER: '/tls' })).toEqual(['TLS_FOLDER and TLS_PEM_FILE go together']);
    expect(faultsOf({ TLS_PEM_FILE: '/pem' })).toEqual(['TLS_FOLDER and TLS_PEM_FILE go together']);
  });

  it('refuses a member without port, also one whose pod name was not put in', () => {
    expect(faultsOf({ SET_MEMBERS: 'mongodb-0' })).toEqual(['SET_MEMBERS must hold host:port, got mongodb-0']);
    expect(faultsOf({ SET_SELF: '$(POD_NAME).mongodb:27017' })).toEqual([
      'SET_SELF must be host:port, got $(POD_NAME).mongodb:27017',
    ]);
    expect(faultsOf({})).toEqual([]);
  });
});
