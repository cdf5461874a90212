import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { calledTokens, claimsOf, givenToken, renewingTokens, SignedOutError } from './token-source.ts';

describe('tokens that can be renewed', () => {
  let clock: FakeClock;
  let made: number;
  const signIn = async () => {
    made += 1;
    return { token: `token-${made}`, expiresAt: new Date(clock.now() + 60_000).toISOString() };
  };

  beforeEach(() => {
    clock = new FakeClock();
    made = 0;
  });

  it('are made once while they last, and shortly before they expire anew', async () => {
    const tokens = renewingTokens(signIn, clock);
    expect(await tokens.token()).toBe('token-1');
    clock.advance(39_000);
    expect(await tokens.token()).toBe('token-1');
    clock.advance(2_000);
    expect(await tokens.token()).toBe('token-2');
  });

  it('are made once for all that ask at the same time', async () => {
    const tokens = renewingTokens(signIn, clock);
    expect(await Promise.all([tokens.token(), tokens.token(), tokens.token()])).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ]);
  });

  it('are replaced when refused, once for all that held the same one', async () => {
    const tokens = renewingTokens(signIn, clock);
    const refused = await tokens.token();
    expect(await Promise.all([tokens.refused(refused), tokens.refused(refused)])).toEqual(['token-2', 'token-2']);
    expect(await tokens.refused(refused)).toBe('token-2');
  });

  it('can be had again after signing in failed', async () => {
    let fail = true;
    const tokens = renewingTokens(async () => {
      if (fail) throw new Error('away');
      return signIn();
    }, clock);
    await expect(tokens.token()).rejects.toThrow('away');
    fail = false;
    expect(await tokens.token()).toBe('token-1');
  });
});

it('a given token is at its end when it is refused', async () => {
  const tokens = givenToken('given');
  expect(await tokens.token()).toBe('given');
  await expect(tokens.refused('given')).rejects.toThrow(SignedOutError);
});

describe('tokens of a function', () => {
  const jwt = (claims: object) => `e.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

  it('are asked for anew shortly before they expire, and when one is refused', async () => {
    const clock = new FakeClock();
    let calls = 0;
    const tokens = calledTokens(async () => {
      calls += 1;
      return jwt({ exp: clock.now() / 1000 + 60, jti: calls });
    }, clock);
    const first = await tokens.token();
    clock.advance(39_000);
    expect(await tokens.token()).toBe(first);
    clock.advance(2_000);
    const second = await tokens.token();
    expect(second).not.toBe(first);
    expect(await tokens.refused(first)).toBe(second);
    expect(await tokens.refused(second)).not.toBe(second);
    expect(calls).toBe(3);
  });

  it('are asked for each time where they do not say when they expire', async () => {
    const opaque = ['opaque-1', 'opaque-2'];
    const tokens = calledTokens(() => opaque.shift() ?? 'none', new FakeClock());
    expect([await tokens.token(), await tokens.token()]).toEqual(['opaque-1', 'opaque-2']);
  });

  it('say whose they are, or nothing', () => {
    expect(claimsOf(jwt({ sub: 'älice', exp: 5 }))).toEqual({ user: 'älice', exp: 5 });
    const name = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';
    expect(claimsOf(jwt({ [name]: 'bob' })).user).toBe('bob');
    for (const text of ['', 'a.b', 'opaque', jwt([]), jwt({ sub: 5, exp: 'x' })]) {
      expect(claimsOf(text).user).toBeUndefined();
    }
  });
});
