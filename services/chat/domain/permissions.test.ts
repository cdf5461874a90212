import { describe, expect, it } from 'vitest';
import { conversationTypes, memberRoles } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import {
  mayAddMembers,
  mayDeleteMessage,
  mayEditMessage,
  mayRemoveMember,
  mayRename,
  maySetRole,
} from './permissions.ts';

const [me, other] = ['me', 'other'] as UserId[] as [UserId, UserId];
const group = { type: 'group' } as const;
const pair = { type: 'private' } as const;
const as = (role: (typeof memberRoles)[number], userId = me) => ({ userId, role });

describe('permissions', () => {
  it.each([
    ['member', false],
    ['admin', true],
    ['owner', true],
  ] as const)('let a %s of a group rename and add: %s', (role, allowed) => {
    expect(mayRename(group, as(role))).toBe(allowed);
    expect(mayAddMembers(group, as(role))).toBe(allowed);
  });

  it.each([
    // By the target's role: member, admin, owner.
    ['member', [false, false, false]],
    ['admin', [true, false, false]],
    ['owner', [true, true, true]],
  ] as const)('let a %s of a group remove others of lower standing', (role, allowed) => {
    expect(memberRoles.map((target) => mayRemoveMember(group, as(role), as(target, other)))).toEqual(allowed);
  });

  it('let everybody leave a group', () => {
    for (const role of memberRoles) expect(mayRemoveMember(group, as(role), as(role))).toBe(true);
  });

  it('let owners alone change roles, but not their own', () => {
    for (const role of memberRoles) {
      for (const target of memberRoles) expect(maySetRole(group, as(role), as(target, other))).toBe(role === 'owner');
      expect(maySetRole(group, as(role), as(role))).toBe(false);
    }
  });

  it('keep the members of a private conversation as they are, whatever their role', () => {
    for (const role of memberRoles) {
      const allowed = [
        mayRename(pair, as(role)),
        mayAddMembers(pair, as(role)),
        mayRemoveMember(pair, as(role), as('member', other)),
        mayRemoveMember(pair, as(role), as(role)),
        maySetRole(pair, as(role), as('member', other)),
      ];
      expect(allowed).toEqual([false, false, false, false, false]);
    }
  });

  it('let the sender edit and delete, and in groups admins delete', () => {
    const mine = { senderId: me, type: 'text' } as const;
    const theirs = { senderId: other, type: 'text' } as const;
    expect([mayEditMessage(mine, me), mayEditMessage(theirs, me)]).toEqual([true, false]);
    for (const type of conversationTypes) {
      for (const role of memberRoles) {
        expect(mayDeleteMessage({ type }, mine, as(role))).toBe(true);
        expect(mayDeleteMessage({ type }, theirs, as(role))).toBe(type === 'group' && role !== 'member');
      }
    }
  });

  it('let nobody touch a system message', () => {
    const row = { senderId: me, type: 'system' } as const;
    expect(mayEditMessage(row, me)).toBe(false);
    expect(mayDeleteMessage(group, row, as('owner'))).toBe(false);
  });
});
