import { databases } from '#shared/contract/names.ts';

/** Each is a user of MongoDB in its database admin, with a password of its own under the same key of the Secret. */
export const mongoUsers = ['admin', 'notification', 'chat', 'monitoring'] as const;
export type MongoUser = (typeof mongoUsers)[number];

export type Role = { readonly role: string; readonly db: string };

export type Passwords = Readonly<Record<MongoUser, string>>;

/** What each may do, and nothing more. A change here arrives in sets that are there already. */
export const rolesOf: Readonly<Record<MongoUser, readonly Role[]>> = {
  // Makes the others, adds members, loads certificates.
  admin: [{ role: 'root', db: 'admin' }],
  notification: [{ role: 'readWrite', db: databases.notifications }],
  chat: [{ role: 'readWrite', db: databases.chat }],
  monitoring: [{ role: 'clusterMonitor', db: 'admin' }],
};

export function sameRoles(a: readonly Role[], b: readonly Role[]): boolean {
  const sorted = (roles: readonly Role[]) => roles.map(({ role, db }) => `${db}.${role}`).sort();
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}
