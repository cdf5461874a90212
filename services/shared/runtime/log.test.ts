import { expect, test } from 'vitest';
import { createLogger } from './log.ts';

function logged(write: (log: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(createLogger({ name: 'x', destination: { write: (line) => void lines.push(line) } }));
  return JSON.parse(lines.join(''));
}

test('an error is logged with its causes but nothing that a library hung on it', () => {
  const cause = Object.assign(new TypeError('inner'), { payload: { email: 'canary' } });
  const err = Object.assign(new Error('outer', { cause }), { code: 'E_OUTER', body: 'canary' });
  const line = logged((log) => log.error({ err }, 'failed'));
  expect(line).toMatchObject({
    msg: 'failed',
    err: { type: 'Error', message: 'outer', code: 'E_OUTER', cause: { type: 'TypeError', message: 'inner' } },
  });
  expect(JSON.stringify(line)).not.toContain('canary');
});

test('an error that causes itself ends', () => {
  const err = new Error('loop');
  err.cause = err;
  expect(logged((log) => log.error({ err }, 'failed'))).toMatchObject({ err: { message: 'loop' } });
});
