import { expect, test } from 'vitest';
import { sharedRedis, sharedServer } from './shared.ts';
import { describeWithServer } from './with-server.ts';

describeWithServer('redis', 'shared servers', () => {
  test('are started once, whoever asks', async () => {
    const [one, two] = await Promise.all([sharedRedis(), sharedRedis()]);
    expect(one.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
    expect(two.url).toBe(one.url);
  });

  test('that do not exist are an error', async () => {
    await expect(sharedServer('nosuch' as 'redis')).rejects.toThrow('the shared nosuch did not start');
  });
});
