import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { connect } from 'amqplib';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { readTokenConfig } from '#shared/auth/token-config.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { defaultPrefetch } from '#shared/bus/bus.ts';
import { clientMethods } from '#shared/contract/names.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { peerQueue, peerQueueOptions } from './peer-names.ts';
import { openPeerStore, type PeerMessage } from './peer-store.ts';

/**
 * The peer's socket half, as socket.io's documentation shows it: a room for each conversation, the Redis adapter between the
 * workers, and a consumer that emits what comes over RabbitMQ. At most once, as that adapter is: whoever is not connected
 * when a message is emitted never gets it. Connection state recovery is switched on as its documentation says, and does
 * nothing, because this adapter does not support it.
 */
const { AMQP_URL = '', REDIS_URL = '', PORT = '0' } = process.env;
const log = createLogger({ name: 'peer:sockets', level: 'warn' });
const verifier = createTokenVerifier(readConfig(process.env, readTokenConfig), { clock, log });
const store = await openPeerStore(process.env);

const publisher = new Redis(REDIS_URL);
const subscriber = publisher.duplicate();
const server = createServer((_request, response) => response.end('ready'));
const io = new Server(server, {
  adapter: createAdapter(publisher, subscriber),
  connectionStateRecovery: {},
  serveClient: false,
});
io.use(async (socket, next) => {
  try {
    const { user } = await verifier.verify(String(socket.handshake.auth['token'] ?? ''));
    socket.data.user = user;
    next();
  } catch (error) {
    next(error as Error);
  }
});
io.on('connection', async (socket) => {
  await socket.join(await store.conversationsOf(socket.data.user));
});

const connection = await connect(AMQP_URL);
const channel = await connection.createChannel();
await channel.assertQueue(peerQueue, peerQueueOptions);
await channel.prefetch(defaultPrefetch);
await channel.consume(peerQueue, (delivery) => {
  if (!delivery) return;
  const message = JSON.parse(delivery.content.toString()) as PeerMessage;
  io.to(message.conversationId).emit(clientMethods.receiveMessage, message);
  channel.ack(delivery);
});
server.listen(Number(PORT), '127.0.0.1');
