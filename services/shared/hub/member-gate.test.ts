import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { MemberGate } from './member-gate.ts';

const carol = 'carol' as UserId;
const answer = (version: number, users: readonly UserId[]) => ({ version, users, large: false, all: null });

/** She was in and is out as of version 61. */
function gateOfWhomLeft(): MemberGate {
  const gate = new MemberGate();
  gate.join(carol, 52);
  gate.need(61);
  expect(gate.settle([carol], answer(61, [])).left).toEqual([carol]);
  return gate;
}

describe('whoever comes back', () => {
  it('gets no row from while he was out, although it was addressed to him', () => {
    const gate = gateOfWhomLeft();
    gate.suspect(carol, { version: 61, since: 62 });
    gate.suspect(carol, { version: 63, since: 63, isOwn: true });
    expect(gate.settle([carol], answer(63, [carol])).joined).toEqual([{ user: carol, since: 63 }]);
  });

  it('gets the rows from the one on that let him in, whichever is heard of first', () => {
    const gate = gateOfWhomLeft();
    gate.suspect(carol, { version: 63, since: 64 });
    gate.suspect(carol, { version: 63, since: 63, isOwn: true });
    expect(gate.settle([carol], answer(63, [carol])).joined).toEqual([{ user: carol, since: 63 }]);
  });
});

describe('a newcomer', () => {
  it.each([
    [
      { version: 61, since: 62 },
      { version: 63, since: 63, isOwn: true },
    ],
    [
      { version: 63, since: 63, isOwn: true },
      { version: 61, since: 62 },
    ],
  ])('gets no row from before his own place changed', (first, second) => {
    const gate = new MemberGate();
    gate.suspect(carol, first);
    gate.suspect(carol, second);
    expect(gate.settle([carol], answer(63, [carol])).joined).toEqual([{ user: carol, since: 63 }]);
  });

  it('gets what was addressed to him from the first row on, where nothing tells of his place', () => {
    const gate = new MemberGate();
    gate.suspect(carol, { version: 63, since: 65 });
    gate.suspect(carol, { version: 63, since: 64 });
    expect(gate.settle([carol], answer(63, [carol])).joined).toEqual([{ user: carol, since: 64 }]);
  });
});
