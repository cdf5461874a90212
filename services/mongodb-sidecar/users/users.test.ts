import { expect, it } from 'vitest';
import { secrets } from '#shared/contract/secrets.ts';
import { mongoUsers, rolesOf, sameRoles } from './users.ts';

it('each user has a password of his own under his name', () => {
  const { keyFile, ...keys } = secrets.mongodb.keys;
  expect(Object.values(keys).sort()).toEqual([...mongoUsers].sort());
  expect(keyFile).toBe('key-file');
});

it('roles are the same in any order, and not when one lacks, is more, or is of another database', () => {
  const [a, b] = [
    { role: 'readWrite', db: 'sonixy_chat' },
    { role: 'clusterMonitor', db: 'admin' },
  ];
  expect(sameRoles([a, b], [b, a])).toBe(true);
  expect(sameRoles([a, b], [a])).toBe(false);
  expect(sameRoles([a], [a, b])).toBe(false);
  expect(sameRoles([a], [{ ...a, db: 'sonixy_notifications' }])).toBe(false);
});

it('services may write their own database and nothing else', () => {
  for (const user of ['notification', 'chat'] as const) {
    expect(rolesOf[user].map(({ role }) => role)).toEqual(['readWrite']);
  }
  expect(rolesOf.notification[0]?.db).not.toBe(rolesOf.chat[0]?.db);
});
