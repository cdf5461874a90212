import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '#test/eventually.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

type Outcome = { readonly code: number | null; readonly out: string; readonly err: string };

/** A real process whose `start` is `body`, a function body in JavaScript that sees `signal`, `log` and `ConfigError`. */
function start(body: string, env: Record<string, string> = {}) {
  const module = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `
    import { run } from ${module('./run.ts')};
    import { ConfigError } from ${module('./config.ts')};
    import { StartError } from ${module('./start-error.ts')};
    run('thing', async ({ signal, log }) => { ${body} }, { env: process.env });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return {
    child,
    said: (text: string) => eventually(() => (out.includes(text) ? undefined : `no ${text} in ${out}${err}`)),
    ended: async (): Promise<Outcome> => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      return { code: child.exitCode, out, err };
    },
  };
}

const server = `
  const { createServer } = await import('node:net');
  const server = createServer().listen(0);
  log.info('up');
`;

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains once and ends by emptying the loop', async (signal) => {
  const { child, said, ended } = start(`${server}
    return { async [Symbol.asyncDispose]() {
      log.info('draining');
      await new Promise((resolve) => setTimeout(resolve, 50));
      server.close();
      log.info({ aborted: signal.aborted }, 'drained');
    } };`);
  await said('up');
  child.kill(signal);
  const { code, out, err } = await ended();
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.match(/"draining"/g)).toHaveLength(1);
  expect(out).toContain('"aborted":true');
  expect(out).toContain('"stopped"');
});

test('a second signal ends it without waiting', async () => {
  const { child, said, ended } = start(
    `${server}
    return { [Symbol.asyncDispose]: () => { log.info('draining'); return new Promise(() => {}); } };`,
    { SHUTDOWN_TIMEOUT: '3600' },
  );
  await said('up');
  child.kill('SIGTERM');
  await said('draining');
  child.kill('SIGTERM');
  expect((await ended()).code).toBe(1);
});

test('a drain that hangs is ended by the watchdog, which names what is open', async () => {
  const { child, said, ended } = start(
    `${server}
    return { [Symbol.asyncDispose]: () => new Promise(() => {}) };`,
    { SHUTDOWN_TIMEOUT: '1' },
  );
  await said('up');
  child.kill('SIGTERM');
  const { code, out } = await ended();
  expect(code).toBe(1);
  expect(out).toContain('TCPServerWrap ×1');
});

test('a drain that hangs with nothing open does not pass for a good end', async () => {
  const { child, said, ended } = start(
    `
    const alive = setInterval(() => {}, 1000);
    log.info('up');
    return { [Symbol.asyncDispose]: () => { clearInterval(alive); return new Promise(() => {}); } };`,
    { SHUTDOWN_TIMEOUT: '1' },
  );
  await said('up');
  child.kill('SIGTERM');
  expect((await ended()).code).toBe(1);
});

test('what is left open after a good drain is named', async () => {
  const { child, said, ended } = start(
    `${server}
    return { async [Symbol.asyncDispose]() {} };`,
    { SHUTDOWN_TIMEOUT: '1' },
  );
  await said('up');
  child.kill('SIGTERM');
  const { code, out } = await ended();
  expect(code).toBe(1);
  expect(out).toContain('"stopped"');
  expect(out).toContain('TCPServerWrap ×1');
});

test('a drain that fails is told and counts as a failure', async () => {
  const { child, said, ended } = start(`${server}
    return { async [Symbol.asyncDispose]() { server.close(); throw new Error('stuck'); } };`);
  await said('up');
  child.kill('SIGTERM');
  const { code, out } = await ended();
  expect(code).toBe(1);
  expect(out).toContain('stuck');
});

test('a signal during the start ends what waits, with code 0', async () => {
  const { child, said, ended } = start(`
    const alive = setInterval(() => {}, 1000);
    log.info('waiting');
    await new Promise((resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      .finally(() => clearInterval(alive));`);
  await said('waiting');
  child.kill('SIGTERM');
  expect((await ended()).code).toBe(0);
});

test('a signal during a start that goes on disposes what it built', async () => {
  const { child, said, ended } = start(`
    const alive = setInterval(() => {}, 1000);
    log.info('waiting');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return { async [Symbol.asyncDispose]() { clearInterval(alive); log.info('disposed'); } };`);
  await said('waiting');
  child.kill('SIGTERM');
  const { code, out } = await ended();
  expect(code).toBe(0);
  expect(out).toContain('disposed');
});

test('settings that are wrong are listed, one a line, with code 78', async () => {
  const { code, out, err } = await start(`throw new ConfigError(['A is required', 'B must be a number']);`).ended();
  expect({ code, out }).toEqual({ code: 78, out: '' });
  expect(err).toBe(`thing can't start, its settings are wrong:\n  A is required\n  B must be a number\n`);
});

test('wrong settings of the runtime itself are told alike', async () => {
  const { code, err } = await start('', { SHUTDOWN_TIMEOUT: 'soon', LOG_LEVEL: 'loud' }).ended();
  expect(code).toBe(78);
  expect(err).toContain('LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, got "loud"');
  expect(err).toContain('SHUTDOWN_TIMEOUT must be a whole number of 1 to 3600, got "soon"');
});

test('an expected failure to start is one clear line', async () => {
  const { code, out, err } = await start(`throw new StartError('127.0.0.1:80 is in use');`).ended();
  expect({ code, out, err }).toEqual({ code: 1, out: '', err: `thing can't start: 127.0.0.1:80 is in use\n` });
});

test('any other failure to start has its stack in the log as well', async () => {
  const { code, out, err } = await start(`throw new TypeError('x is not a function');`).ended();
  expect({ code, err }).toEqual({ code: 1, err: `thing can't start: x is not a function\n` });
  expect(JSON.parse(out)).toMatchObject({ level: 60, msg: 'start failed', err: { type: 'TypeError' } });
});

test.each([
  ['rejection', `Promise.reject(new Error('lost'))`],
  ['error', `throw new Error('lost')`],
])('an %s that nobody takes is logged and ends the process', async (_kind, code) => {
  const outcome = await start(`${server}
    setTimeout(() => { ${code}; }, 1);
    return { async [Symbol.asyncDispose]() { server.close(); } };`).ended();
  expect(outcome.code).toBe(1);
  expect(outcome.out).toContain('lost');
});

test('LOG_LEVEL decides what is logged', async () => {
  const body = `log.debug('details'); throw new StartError('end');`;
  expect((await start(body, { LOG_LEVEL: 'debug' }).ended()).out).toContain('details');
  expect((await start(body).ended()).out).not.toContain('details');
});
