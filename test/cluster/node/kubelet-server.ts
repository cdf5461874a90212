import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { NODE_IP } from './addresses.ts';
import type { Container } from './container.ts';
import { EXEC_PROTOCOL, execOver } from './exec-socket.ts';
import { sendLog } from './log-stream.ts';

export const KUBELET_PORT = 10_250;

export type FindContainer = (namespace: string, pod: string, container: string) => Container | undefined;

/** The kubelet's own API, for `kubectl logs` and `kubectl exec`. No TTY, no port-forward. */
export function startKubeletServer(find: FindContainer, tls: { cert: string; key: string }): Server {
  const asked = (request: IncomingMessage) => {
    const url = new URL(request.url ?? '/', 'https://kubelet');
    const [, what, namespace = '', pod = '', container = ''] = url.pathname.split('/');
    return { what, query: url.searchParams, container: find(namespace, pod, container) };
  };
  const server = createServer(tls, (request: IncomingMessage, response: ServerResponse) => {
    const { what, query, container } = asked(request);
    if (what !== 'containerLogs' || container === undefined) {
      response.writeHead(404).end('not here\n');
      return;
    }
    sendLog(container, query, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(EXEC_PROTOCOL) ? EXEC_PROTOCOL : false),
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { what, query, container } = asked(request);
    if (what !== 'exec' || container?.process === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const argv = container.process.enter(query.getAll('command'));
    const stdin = query.get('input') === '1' || query.get('stdin') === 'true';
    sockets.handleUpgrade(request, socket, head, (client) => execOver(client, argv, stdin));
  });
  server.listen(KUBELET_PORT, NODE_IP);
  return server;
}
