import { expect, test } from 'vitest';
import { readHubConfig } from '#services/hub/config.ts';
import { type SecretId, secrets } from '#shared/contract/secrets.ts';
import { makeSecret } from './secret-contents.ts';

const ids = Object.keys(secrets) as SecretId[];

test.each(ids)('%s has every key, filled', (id) => {
  const made = makeSecret(id);
  expect(Object.keys(made).sort()).toEqual(Object.values(secrets[id].keys).sort());
  expect(Object.values(made).filter((value) => value.length === 0)).toEqual([]);
});

test('nothing random is there twice, within a Secret, among them, or over calls', () => {
  const values = [...ids, ...ids].flatMap((id) =>
    Object.values(makeSecret(id)).filter((value) => value !== 'publisher'),
  );
  expect(values.length).toBeGreaterThan(30);
  expect(new Set(values).size).toBe(values.length);
});

test('the hub takes its keys', () => {
  const config = readHubConfig({
    HUB_ID_KEYS: makeSecret('hubIds')['id-keys'],
    INTERNAL_SECRET: makeSecret('internal')['internal-secret'],
    JWT_HS256_SECRET: 'x'.repeat(32),
    REDIS_URL: 'redis://hub@redis:6379',
    REDIS_PASSWORD: makeSecret('redis')['hub'],
    NOTIFICATION_URL: 'http://notification:8094',
  });
  expect(config.idKeys.current).toBe('1');
  expect(config.idKeys.keys.get('1')).toHaveLength(32);
});

test('passwords are 256 bits that a URL, a command line and a shell take as they are', () => {
  for (let round = 0; round < 200; round++) {
    const { admin = '' } = makeSecret('redis');
    expect(admin).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/);
    expect(encodeURIComponent(admin)).toBe(admin);
  }
});

test('the key file is what MongoDB takes, the cookie what Erlang takes as an argument', () => {
  // https://www.mongodb.com/docs/manual/core/security-internal-authentication/#keyfiles
  expect(makeSecret('mongodb')['key-file']).toMatch(/^[A-Za-z0-9+/=]{6,1024}$/);
  expect(makeSecret('rabbitmq')['erlang-cookie']).toMatch(/^[a-f0-9]{64}$/);
});
