import { io, type Socket } from 'socket.io-client';
import { serverMethods, socketIoPath } from '#shared/contract/names.ts';
import { listen } from './live-changes.ts';
import { LiveRefusedError, type OpenLive } from './live-connection.ts';
import { parseSubscribeAnswer } from './parse-answers.ts';

const answerTimeoutMs = 15_000;

/** socket.io by the stock client: polling first, then the upgrade to WebSocket. */
export const socketIoLive: OpenLive = async ({ baseUrl, token, handlers }) => {
  const accessToken = await token();
  const socket = io(baseUrl, {
    path: socketIoPath,
    auth: { token: accessToken },
    reconnection: false,
    forceNew: true,
  });
  listen((event, listener) => socket.on(event, listener), handlers.changed);
  await connected(socket);
  let closing = false;
  socket.on('disconnect', (reason) => {
    if (!closing) handlers.closed(reason);
  });
  const tell = () =>
    handlers.transport(`socket.io · ${socket.io.engine.transport.name === 'websocket' ? 'WebSocket' : 'long polling'}`);
  socket.io.engine.on('upgrade', tell);
  tell();
  return {
    subscribe: async (cursor) =>
      parseSubscribeAnswer(await socket.timeout(answerTimeoutMs).emitWithAck(serverMethods.subscribe, cursor)),
    close() {
      closing = true;
      socket.disconnect();
    },
  };
};

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => {
      socket.disconnect();
      reject(
        /\b401\b|unauthorized/i.test(error.message) ? new LiveRefusedError(error.message, { cause: error }) : error,
      );
    });
  });
}
