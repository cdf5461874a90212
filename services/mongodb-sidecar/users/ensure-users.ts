import type { Credentials, MongoMember } from '../member/mongo-member.ts';
import { Problem } from '../problem.ts';
import { type MongoUser, mongoUsers, type Passwords, rolesOf, sameRoles } from './users.ts';

export type Change = { readonly user: MongoUser; readonly change: 'made' | 'roles' | 'password' };

/**
 * On the primary: makes the users that lack, and mends roles and passwords. Each step may be the last one before a crash; the
 * next run goes on. Users that are not ours stay.
 *
 * @throws Problem when there are users and the admin's password is not theirs
 */
export async function ensureUsers(
  member: MongoMember,
  passwords: Passwords,
  onChange: (change: Change) => void,
): Promise<void> {
  const admin = credentialsOf('admin', passwords);
  if (!(await member.canLogIn(admin))) {
    if (!(await member.createFirstUser(admin, rolesOf.admin))) {
      throw new Problem("the Secret's password of admin is not the one that the data knows: restore the Secret");
    }
    onChange({ user: 'admin', change: 'made' });
  }
  const known = await member.usersKnown(admin);
  for (const user of mongoUsers) {
    const credentials = credentialsOf(user, passwords);
    const roles = known.get(user);
    if (roles === undefined) {
      await member.createUser(admin, credentials, rolesOf[user]);
      onChange({ user, change: 'made' });
      continue;
    }
    if (!sameRoles(roles, rolesOf[user])) {
      await member.setRoles(admin, user, rolesOf[user]);
      onChange({ user, change: 'roles' });
    }
    if (!(await member.canLogIn(credentials))) {
      await member.setPassword(admin, credentials);
      onChange({ user, change: 'password' });
    }
  }
}

/** Who can not log in on this member with the Secret's password. */
export async function usersThatLack(member: MongoMember, passwords: Passwords): Promise<readonly MongoUser[]> {
  const lacking: MongoUser[] = [];
  for (const user of mongoUsers) {
    if (!(await member.canLogIn(credentialsOf(user, passwords)))) lacking.push(user);
  }
  return lacking;
}

export function credentialsOf(user: MongoUser, passwords: Passwords): Credentials {
  return { user, password: passwords[user] };
}
