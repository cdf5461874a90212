import type { ConnectionStatus } from '../../client/index.ts';

const order: readonly ConnectionStatus['state'][] = [
  'connected',
  'connecting',
  'waiting',
  'ended',
  'stopped',
  'signed-out',
];

/** What to show of two connections: "connected" only where both are. */
export function worseConnection(one: ConnectionStatus, other: ConnectionStatus): ConnectionStatus {
  return order.indexOf(other.state) > order.indexOf(one.state) ? other : one;
}
