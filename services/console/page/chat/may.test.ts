import { expect, it } from 'vitest';
import { memberRoles } from '#shared/contract/chat-dto.ts';
import { mayManage, mayRemove, maySetRoles } from './may.ts';

const [pair, group] = [{ type: 0 }, { type: 1 }];

it.each([
  // By the other's role: member, admin, owner.
  ['member', false, false, [false, false, false]],
  ['admin', true, false, [true, false, false]],
  ['owner', true, true, [true, true, true]],
] as const)('a %s of a group is offered what the server allows', (role, manages, sets, removes) => {
  expect(mayManage(group, role)).toBe(manages);
  expect(maySetRoles(group, role)).toBe(sets);
  expect(memberRoles.map((other) => mayRemove(group, role, { role: other }))).toEqual(removes);
});

it('nobody is offered anything in a private conversation, and nobody whose role is not known', () => {
  for (const [conversation, role] of [
    [pair, 'owner'],
    [group, undefined],
  ] as const) {
    expect(mayManage(conversation, role)).toBe(false);
    expect(maySetRoles(conversation, role)).toBe(false);
    expect(mayRemove(conversation, role, { role: 'member' })).toBe(false);
  }
});
