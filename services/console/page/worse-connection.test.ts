import { expect, it } from 'vitest';
import type { ConnectionStatus } from '../../client/index.ts';
import { worseConnection } from './worse-connection.ts';

const good: ConnectionStatus = { state: 'connected', transport: 'SignalR' };
const waiting: ConnectionStatus = { state: 'waiting', reason: 'gone', attempt: 1, retryAt: 0 };

it('of two connections the worse one is shown, of two alike the first', () => {
  expect(worseConnection(good, waiting)).toBe(waiting);
  expect(worseConnection(waiting, good)).toBe(waiting);
  expect(worseConnection(good, { ...good })).toBe(good);
});
