import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { givenToken, renewingTokens, SignedOutError } from './token-source.ts';

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
