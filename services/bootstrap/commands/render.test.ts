import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = new URL('../main.ts', import.meta.url).pathname;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sonixy-render-'));
});

afterEach(() => rm(folder, { recursive: true }));

function run(command: string, env: Record<string, string>) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [main, command], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

const secret = (key: string, content = `canary-${key}`) => writeFile(join(folder, key), content);

describe('redis-acl', () => {
  const env = () => ({ PASSWORDS_FOLDER: folder, REDIS_ACL_FILE: join(folder, 'users.acl') });

  it('writes the ACL for its owner alone, and logs no password', async () => {
    for (const user of ['gateway', 'notification', 'chat', 'hub', 'admin']) await secret(user);
    const { code, stdout, stderr } = await run('redis-acl', env());
    expect(code, stderr).toBe(0);
    expect(await readFile(env().REDIS_ACL_FILE, 'utf8')).toMatch(/^user default off .*\nuser gateway on #/);
    expect((await stat(env().REDIS_ACL_FILE)).mode & 0o777).toBe(0o400);
    expect(stdout + stderr).not.toContain('canary-');
  });

  it('makes a password for the sidecar where there is one, another one each time', async () => {
    for (const user of ['gateway', 'notification', 'chat', 'hub', 'admin']) await secret(user);
    expect((await run('redis-acl', env())).code).toBe(0);
    expect(await readFile(env().REDIS_ACL_FILE, 'utf8')).not.toContain('user sidecar');
    const file = join(folder, 'sidecar-password');
    const passwords: string[] = [];
    for (let times = 0; times < 2; times++) {
      const { code, stdout, stderr } = await run('redis-acl', { ...env(), REDIS_SIDECAR_PASSWORD_FILE: file });
      expect(code, stderr).toBe(0);
      const password = await readFile(file, 'utf8');
      const hash = createHash('sha256').update(password).digest('hex');
      expect(await readFile(env().REDIS_ACL_FILE, 'utf8')).toContain(`user sidecar on #${hash} `);
      expect((await stat(file)).mode & 0o777).toBe(0o400);
      expect(stdout + stderr).not.toContain(password);
      passwords.push(password);
    }
    expect(passwords[0]).not.toBe(passwords[1]);
  });

  it('says which key of the Secret is missing', async () => {
    for (const user of ['gateway', 'notification', 'chat', 'admin']) await secret(user);
    const { code, stderr } = await run('redis-acl', env());
    expect(code).toBe(1);
    expect(stderr).toContain('the Secret has no key hub');
    expect(stderr).not.toContain('canary-');
  });

  it('says which setting is missing', async () => {
    const { code, stderr } = await run('redis-acl', { PASSWORDS_FOLDER: folder });
    expect(code).toBe(78);
    expect(stderr).toContain('REDIS_ACL_FILE is required');
  });
});

describe('rabbitmq-definitions', () => {
  it('writes definitions and cookie for their owner alone', async () => {
    for (const user of ['admin', 'monitoring', 'notification', 'chat', 'hub', 'password']) await secret(user);
    await secret('erlang-cookie', 'c0ffee');
    const env = {
      PASSWORDS_FOLDER: folder,
      PUBLISHER_FOLDER: folder,
      RABBITMQ_DEFINITIONS_FILE: join(folder, 'definitions.json'),
      RABBITMQ_COOKIE_FILE: join(folder, '.erlang.cookie'),
    };
    const { code, stdout, stderr } = await run('rabbitmq-definitions', env);
    expect(code, stderr).toBe(0);
    const definitions = JSON.parse(await readFile(env.RABBITMQ_DEFINITIONS_FILE, 'utf8'));
    expect(definitions.users.map((user: { name: string }) => user.name)).toContain('publisher');
    expect(await readFile(env.RABBITMQ_COOKIE_FILE, 'utf8')).toBe('c0ffee');
    expect((await stat(env.RABBITMQ_COOKIE_FILE)).mode & 0o777).toBe(0o400);
    expect(stdout + stderr + JSON.stringify(definitions)).not.toContain('canary-');
  });
});

describe('mongodb-key-file', () => {
  it('writes the key for its owner alone, and does not log it', async () => {
    await secret('key-file');
    const env = { PASSWORDS_FOLDER: folder, MONGODB_KEY_FILE: join(folder, 'written') };
    const { code, stdout, stderr } = await run('mongodb-key-file', env);
    expect(code, stderr).toBe(0);
    expect(await readFile(env.MONGODB_KEY_FILE, 'utf8')).toBe('canary-key-file');
    expect((await stat(env.MONGODB_KEY_FILE)).mode & 0o777).toBe(0o400);
    expect(stdout + stderr).not.toContain('canary-');
  });
});
