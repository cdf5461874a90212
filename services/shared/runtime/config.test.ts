import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError, type Env, type EnvReader, readConfig } from './config.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function faultsOf(env: Env, read: (reader: EnvReader) => unknown): readonly string[] {
  try {
    readConfig(env, read);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test('tells all faults at once', () => {
  const faults = faultsOf({ PORT: 'eighty', DEMO: 'perhaps', AMQP_URL: 'http://x' }, (env) => {
    env.text('JWT_ISSUER');
    env.port('PORT', { default: 1 });
    env.boolean('DEMO', { default: true });
    env.url('AMQP_URL', { protocols: ['amqp:', 'amqps:'] });
    env.secret('INTERNAL_SECRET');
    env.fault('A and B exclude each other');
  });
  expect(faults).toEqual([
    'JWT_ISSUER is required',
    'PORT must be a whole number of 0 to 65535, got "eighty"',
    'DEMO must be true or false, got "perhaps"',
    'AMQP_URL must be a URL of amqp:// or amqps://, got "http://x"',
    'INTERNAL_SECRET (or INTERNAL_SECRET_FILE) is required',
    'A and B exclude each other',
  ]);
});

test('what stumbles over a placeholder does not hide the faults', () => {
  const read = (env: EnvReader) => new URL(env.url('A_URL', { protocols: ['http:'] }));
  expect(faultsOf({}, read)).toEqual(['A_URL is required']);
  expect(readConfig({ A_URL: 'http://a' }, read).href).toBe('http://a/');
});

test('faults that a part throws join the others; an error of its own goes through', () => {
  expect(
    faultsOf({}, (env) => {
      env.text('A');
      throw new ConfigError(['b is wrong']);
    }),
  ).toEqual(['A is required', 'b is wrong']);
  expect(() =>
    readConfig({}, () => {
      throw new RangeError('bug');
    }),
  ).toThrow(RangeError);
});

test('an empty string is unset', () => {
  const read = (env: EnvReader) => [
    env.text('A', { default: 'a' }),
    env.optionalText('A'),
    env.list('A', { default: ['x'] }),
  ];
  expect(readConfig({ A: '' }, read)).toEqual(['a', undefined, ['x']]);
  expect(readConfig({ A: 'b' }, read)).toEqual(['b', 'b', ['b']]);
});

test.each([
  ['1', 1],
  ['-3', -3],
  ['10', 10],
])('reads the integer %s', (text, value) => {
  expect(readConfig({ N: text }, (env) => env.integer('N', { min: -3, max: 10 }))).toBe(value);
});

test.each(['11', '-4', '1.5', '1e1', '0x1', ' 1', '99999999999999999999'])('refuses the integer %j', (text) => {
  const faults = faultsOf({ N: text }, (env) => env.integer('N', { min: -3, max: 10 }));
  expect(faults).toEqual([`N must be a whole number of -3 to 10, got "${text}"`]);
});

test.each([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
])('reads the boolean %s', (text, value) => {
  expect(readConfig({ B: text }, (env) => env.boolean('B'))).toBe(value);
});

test('a list is split at commas and trimmed', () => {
  expect(readConfig({ L: ' a, b ,,c' }, (env) => env.list('L'))).toEqual(['a', 'b', 'c']);
});

describe('urls', () => {
  const read = (env: EnvReader) => env.optionalUrl('U', { protocols: ['mongodb:', 'amqp:'] });

  test.each(['mongodb://a:1,b:2,c/db?x=1', 'mongodb://u:p@a:1,b:2/', 'amqp://u:p%40@h:5672/v', 'mongodb://[::1]:1'])(
    'reads %s',
    (url) => expect(readConfig({ U: url }, read)).toBe(url),
  );

  test.each(['amqp//h', 'redis://h', 'amqp://', 'mongodb://a:99999999', 'nonsense'])('refuses %s', (url) => {
    expect(faultsOf({ U: url }, read)[0]).toContain(JSON.stringify(url));
  });

  test.each(['redis://user:canary@h', 'redis://u:can/ary@x:canary@h', 'user:canary@h', 'amqp://u:canary@h:99999999'])(
    'shows no password of %s',
    (url) => {
      const faults = faultsOf({ U: url }, read);
      expect(faults).toHaveLength(1);
      expect(faults[0]).not.toMatch(/can|ary/);
      expect(faults[0]).toContain('***@h');
    },
  );

  test('may come from a file, since they hold passwords', () => {
    expect(readConfig({ U_FILE: file('url', 'amqp://u:p@h\n') }, read)).toBe('amqp://u:p@h');
  });
});

describe('URLs of a user whose password is a setting of its own', () => {
  const read = (env: EnvReader) => env.urlOfUser('U', 'P', { protocols: ['amqp:', 'mongodb:'] });

  test.each([
    [{ U: 'amqp://chat@h', P: 'pw' }, 'amqp://chat:pw@h'],
    [{ U: 'amqp://chat@h:5671/v', P: 'a@b/c:d%' }, 'amqp://chat:a%40b%2Fc%3Ad%25@h:5671/v'],
    [{ U: 'mongodb://chat@a:1,b:2/?replicaSet=rs0', P: 'pw' }, 'mongodb://chat:pw@a:1,b:2/?replicaSet=rs0'],
    [{ U: 'amqp://chat:pw@h' }, 'amqp://chat:pw@h'],
    [{ U: 'amqp://h' }, 'amqp://h'],
  ])('%j is %s', (env, url) => {
    expect(readConfig(env, read)).toBe(url);
  });

  test('the password may come from a file', () => {
    expect(readConfig({ U: 'amqp://chat@h', P_FILE: file('password', 'pw\n') }, read)).toBe('amqp://chat:pw@h');
  });

  test.each([['amqp://h'], ['amqp://chat:other@h']])('%s does not take one, and no fault shows it', (url) => {
    expect(faultsOf({ U: url, P: 'canary' }, read)).toEqual(['U must name a user and no password where P is set']);
  });
});

describe('secrets', () => {
  const read = (env: EnvReader) => env.secret('S', { minBytes: 4 });

  test.each([
    ['canary', 'canary'],
    ['canary\n', 'canary'],
    ['canary\r\n', 'canary'],
    ['canary\n\n', 'canary\n'],
    [' canary ', ' canary '],
  ])('reads the file %j', (content, value) => {
    expect(readConfig({ S_FILE: file('secret', content) }, read)).toBe(value);
    expect(readConfig({ S: value }, read)).toBe(value);
  });

  test('both places at once, no file, an empty file and a short secret are faults that never show it', () => {
    const good = file('good', 'canary');
    const faults = [
      ...faultsOf({ S: 'canary', S_FILE: good }, read),
      ...faultsOf({ S_FILE: join(folder, 'absent') }, read),
      ...faultsOf({ S_FILE: file('empty', '\n') }, read),
      ...faultsOf({ S: 'can' }, read),
    ];
    expect(faults).toEqual([
      'S and S_FILE are both set: unset one of them',
      `S_FILE: can't read ${JSON.stringify(join(folder, 'absent'))} (ENOENT)`,
      `S_FILE: the file ${JSON.stringify(join(folder, 'empty'))} is empty`,
      'S must have at least 4 bytes, got 3',
    ]);
  });
});
