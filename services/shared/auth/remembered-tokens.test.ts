import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '#test/fake-clock.ts';
import type { UserId } from '../contract/ids.ts';
import { rememberVerified } from './remembered-tokens.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { unauthorized } from './unauthorized.ts';

let clock: FakeClock;
let asked: string[];
let accepts: (token: string) => boolean;

const verifier: TokenVerifier = {
  async verify(token) {
    asked.push(token);
    if (!accepts(token)) throw unauthorized();
    return { user: `user of ${token}` as UserId, tokenId: undefined, expiresAt: clock.now() + 5_000 };
  },
};

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  accepts = () => true;
});

describe('remembered tokens', () => {
  it('are verified once, each for itself', async () => {
    const { verify } = rememberVerified(verifier, { clock });
    for (const token of ['a', 'b', 'a', 'b', 'a']) expect((await verify(token)).user).toBe(`user of ${token}`);
    expect(asked).toEqual(['a', 'b']);
  });

  it('are verified again after a while, so that a withdrawn key ends them', async () => {
    const { verify } = rememberVerified(verifier, { clock, forMs: 1_000 });
    await verify('a');
    accepts = () => false;
    clock.advance(999);
    await verify('a');
    clock.advance(1);
    await expect(verify('a')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('end with the token', async () => {
    const { verify } = rememberVerified(verifier, { clock, forMs: 60_000 });
    await verify('a');
    accepts = () => false;
    clock.advance(4_999);
    await verify('a');
    clock.advance(1);
    await expect(verify('a')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('are only those that were right', async () => {
    const { verify } = rememberVerified(verifier, { clock });
    accepts = () => false;
    await expect(verify('a')).rejects.toMatchObject({ code: 'unauthorized' });
    accepts = () => true;
    expect((await verify('a')).user).toBe('user of a');
    expect(asked).toEqual(['a', 'a']);
  });

  it('are at most so many: the oldest goes', async () => {
    const { verify } = rememberVerified(verifier, { clock, maxTokens: 2 });
    for (const token of ['a', 'b', 'c', 'b', 'c', 'a']) await verify(token);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });
});
