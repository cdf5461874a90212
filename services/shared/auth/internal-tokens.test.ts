import { expect, test } from 'vitest';
import { FakeClock } from '#test/fake-clock.ts';
import { createInternalTokens } from './internal-tokens.ts';
import { issueToken } from './token-issuer.ts';

const secret = 'i'.repeat(32);
const refused = { code: 'unauthorized', message: 'a valid token is required' };

test('a token of the same secret passes for 60 s, on another process too', async () => {
  const clock = new FakeClock();
  const token = await createInternalTokens(secret, clock).issue();
  const other = createInternalTokens(secret, clock);
  clock.advance(59_999);
  await other.verify(token);
  clock.advance(1);
  await expect(other.verify(token)).rejects.toMatchObject(refused);
});

test('refuses another secret, garbage, and a user token of the same secret', async () => {
  const clock = new FakeClock();
  const tokens = createInternalTokens(secret, clock);
  const user = { secret, issuer: 'i', audience: 'a', user: 'alice', lifetimeSeconds: 60, nowMs: clock.now() };
  const foreign = await createInternalTokens('j'.repeat(32), clock).issue();
  for (const token of [foreign, await issueToken(user), '', 'a.b.c']) {
    await expect(tokens.verify(token)).rejects.toMatchObject(refused);
  }
  await tokens.verify(await tokens.issue());
});

test('refuses to be made with a short secret', () => {
  expect(() => createInternalTokens('short', new FakeClock())).toThrow('at least 32 bytes, got 5');
});
