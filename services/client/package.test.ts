import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestChat, type TestChat, tokenOf } from '../chat/chat.fixture.ts';
import { buildClient } from './build.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const root = join(here, '..', '..');
const modules = join(root, 'node_modules');
const npm = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];

let work: string;
let project: string;
let installed: string;
let chat: TestChat;

/** An empty project with the tarball in it, and beside it what an application would have: one transport, and React for the hooks. */
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'sonixy-client-'));
  const source = join(work, 'source');
  await mkdir(source);
  for (const file of ['package.json', 'README.md']) await cp(join(here, file), join(source, file));
  buildClient(join(source, 'dist'));
  await run('npm', ['pack', ...npm, '--pack-destination', work], { cwd: source });
  const [tarball = ''] = (await readdir(work)).filter((name) => name.endsWith('.tgz'));

  project = join(work, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  await run('npm', ['install', ...npm, '--legacy-peer-deps', join(work, tarball)], { cwd: project });
  installed = join(project, 'node_modules', '@sonixy', 'realtime-client');
  // npm cannot reach a registry here: what it would fetch is linked from the checkout.
  for (const name of ['socket.io-client', 'react', '@types/react']) {
    await mkdir(dirname(join(project, 'node_modules', name)), { recursive: true });
    await symlink(join(modules, name), join(project, 'node_modules', name));
  }
  chat = await startTestChat();
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
  if (work) await rm(work, { recursive: true, force: true });
});

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

it('holds compiled code with types, a README and a licence, and nothing else', async () => {
  const files = (await filesOf(installed)).map((file) => file.slice(installed.length + 1));
  expect(files).toContain('README.md');
  expect(JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'))).toMatchObject({ license: 'MIT' });
  const rest = files.filter((file) => !/^(dist\/.+(\.js|\.d\.ts)|package\.json|README\.md)$/.test(file));
  expect(rest).toEqual([]);
  expect(files.filter((file) => /test|fixture|contract\.(js|d)|build/.test(file))).toEqual([]);
});

it('imports its own files and its peers only, and of the platform the contract and pure rules', async () => {
  const imports = new Set<string>();
  for (const file of await filesOf(join(installed, 'dist'))) {
    const text = await readFile(file, 'utf8');
    for (const [, name = ''] of text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      imports.add(name.startsWith('.') ? join(dirname(file), name).slice(installed.length + 1) : name);
    }
  }
  const outside = [...imports].filter((name) => !name.startsWith('dist/'));
  expect(outside.sort()).toEqual(['@microsoft/signalr', 'react', 'socket.io-client']);
  const shared = [...imports].filter((name) => name.startsWith('dist/shared/'));
  expect(shared.filter((name) => !/^dist\/shared\/(contract\/|runtime\/backoff)/.test(name))).toEqual([]);
});

/** Compares what the package carries with what the services run: it is the same source, compiled. */
it('carries the very contract of the services', async () => {
  const carried = join(installed, 'dist', 'shared', 'contract');
  for (const name of ['names', 'cursor', 'chat-dto', 'notification-dto', 'errors']) {
    const [ours, theirs] = await Promise.all([
      import(join(root, 'services', 'shared', 'contract', `${name}.ts`)) as Promise<Record<string, unknown>>,
      import(join(carried, `${name}.js`)) as Promise<Record<string, unknown>>,
    ]);
    expect(Object.keys(theirs).sort()).toEqual(Object.keys(ours).sort());
    for (const [key, value] of Object.entries(ours)) {
      if (typeof value === 'function') continue;
      expect(theirs[key], `${name}.${key}`).toEqual(value);
    }
  }
});

const consumer = `
import { connect, type RealtimeClient, type ShownMessage, visibleRows } from '@sonixy/realtime-client';
import { useConversation } from '@sonixy/realtime-client/react';
import { socketIoLive } from '@sonixy/realtime-client/socket.io';

const client: RealtimeClient = connect({ url: 'http://x', token: 't', transport: socketIoLive() });
export const rows: string[] = visibleRows(client.notifications.state.list).map(({ actorName }) => actorName);
export const shown: readonly ShownMessage[] = client.chat.conversation('c').state.messages;
export function Hook() { return useConversation(client, 'c').actions.send('hello', 'text'); }
`;

async function check(text: string): Promise<string> {
  const file = join(project, 'consumer.ts');
  await writeFile(file, text);
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--lib', 'es2024,dom'];
  try {
    await run(process.execPath, [tsc, ...flags, '--types', '', file], { cwd: project });
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

it('is typed for a consumer, down to what may be sent', async () => {
  expect(await check(consumer)).toBe('');
  expect(await check(consumer.replace("'text'", "'system'"))).toContain('"system"');
});

it('runs in Node: a message goes to the real service and comes back', async () => {
  const [alice, bob] = [chat.person('alice'), chat.person('bob')];
  const { body } = await alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
  const script = `
    import { connect } from '@sonixy/realtime-client';
    const [url, token, id] = process.argv.slice(2);
    const client = connect({ url, token, transport: 'socket.io' });
    const conversation = client.chat.conversation(id);
    const close = conversation.open();
    const sent = new Promise((resolve) => {
      conversation.onChange(() => {
        const last = conversation.state.messages.at(-1);
        if (last?.delivery === 'sent' && last.system === null) resolve(last.content);
      });
    });
    conversation.send('from the package');
    process.stdout.write(await sent);
    close();
    client.close();`;
  await writeFile(join(project, 'run.js'), script);
  const { stdout } = await run(process.execPath, ['run.js', chat.url, await tokenOf(alice.id), body.id], {
    cwd: project,
  });
  expect(stdout).toBe('from the package');
  const { body: rows } = await bob.get(`/api/chat/conversations/${body.id}/messages`);
  expect(rows[0].content).toBe('from the package');
});

it('says which package is missing when a transport is not installed', async () => {
  const script = `
    import { connect } from '@sonixy/realtime-client';
    const client = connect({ url: 'http://127.0.0.1:1', token: 't', transport: 'signalr' });
    client.notifications.onChange(() => {
      const { connection } = client.notifications.state;
      if (connection.state !== 'ended') return;
      process.stdout.write(connection.reason);
      client.close();
    });`;
  await writeFile(join(project, 'missing.js'), script);
  const { stdout } = await run(process.execPath, ['missing.js'], { cwd: project });
  expect(stdout).toContain('@microsoft/signalr');
});
