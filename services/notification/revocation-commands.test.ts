import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, type Env } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { lift, list, revoke } from './revocation-commands.ts';

const until = '2999-01-01T00:00:00.000Z';
const log = createLogger({ name: 'test', level: 'silent' });
let folder: string;
let printed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-commands-'));
  printed = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const context = (env: Env = {}) => ({
  config: { kind: 'sqlite', dataDir: folder, file: join(folder, 'notifications.sqlite') } as const,
  env,
  log,
  print: (line: string) => void printed.push(line),
});

async function faultsOf(call: Promise<void>): Promise<readonly string[]> {
  const error = await call.then(
    () => undefined,
    (it: unknown) => it,
  );
  if (error instanceof ConfigError) return error.faults;
  throw new Error(`refused with ${error}, not with words`);
}

describe('the commands about bans', () => {
  it('revoke, tell who is revoked, and lift; without Redis they say who hears of it late', async () => {
    await revoke(context(), ['--user', 'alice', '--until', until]);
    await revoke(context(), ['--jti', 'token-1', '--until', '2998-12-31T00:00:00+01:00']);
    expect(printed.filter((line) => !line.startsWith('not published'))).toEqual([
      `user alice is revoked until ${until}`,
      'token token-1 is revoked until 2998-12-30T23:00:00.000Z',
    ]);
    expect(printed.filter((line) => line.startsWith('not published'))).toHaveLength(2);
    printed = [];
    await list(context());
    expect(printed.sort()).toEqual(['2998-12-30T23:00:00.000Z token token-1', `${until} user alice`]);
    printed = [];
    await lift(context(), ['--user', 'alice']);
    await lift(context(), ['--user', 'alice']);
    await list(context());
    expect(printed.filter((line) => !line.startsWith('not published'))).toEqual([
      'user alice is lifted',
      'user alice was not revoked',
      '2998-12-30T23:00:00.000Z token token-1',
    ]);
  });

  it.each([
    [[]],
    [['--user', 'alice']],
    [['--until', until]],
    [['--user', 'alice', '--jti', 'x', '--until', until]],
    [['--user', 'alice', '--until', 'tomorrow']],
    [['--user', 'alice', '--until', '2020-01-01T00:00:00Z']],
    [['--user', '', '--until', until]],
    [['--users', 'alice', '--until', until]],
    [['alice']],
  ])('refuse %j with words, and store nothing', async (args) => {
    expect(await faultsOf(revoke(context(), args))).toHaveLength(1);
    await list(context());
    expect(printed).toEqual([]);
  });

  it('refuse to lift nobody', async () => {
    expect(await faultsOf(lift(context(), []))).toEqual(['say --user <id> or --jti <id>']);
  });

  it('refuse a Redis that is none', async () => {
    const env = { REDIS_URL: 'http://redis' };
    expect(await faultsOf(revoke(context(env), ['--user', 'alice', '--until', until]))).toHaveLength(1);
  });
});
