import { createServer } from 'node:http';
import { connect } from 'amqplib';
import express, { type Request } from 'express';
import { readTokenConfig } from '#shared/auth/token-config.ts';
import { bearerToken } from '#shared/auth/token-places.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { peerQueue, peerQueueOptions } from './peer-names.ts';
import { newId, openPeerStore } from './peer-store.ts';

/**
 * The peer's REST half, as one writes it in an afternoon: express, one insert, one confirmed publish. The same token
 * check, the same membership check, the same durability of row and event as ours.
 *
 * What it does not promise, and ours does: an event that is not confirmed is lost (no outbox), there is no order, no number,
 * no idempotent send, no read position and no validation beyond types.
 */
const { AMQP_URL = '', PORT = '0' } = process.env;
const log = createLogger({ name: 'peer:app', level: 'warn' });
const verifier = createTokenVerifier(readConfig(process.env, readTokenConfig), { clock, log });
const store = await openPeerStore(process.env);
const connection = await connect(AMQP_URL);
const channel = await connection.createConfirmChannel();
await channel.assertQueue(peerQueue, peerQueueOptions);

async function userOf(request: Request): Promise<string> {
  return (await verifier.verify(bearerToken(request.headers) ?? '')).user;
}

const app = express();
app.use(express.json());

app.get('/readyz', (_request, response) => void response.json({ ready: true }));

app.post('/api/chat/conversations', async (request, response) => {
  const user = await userOf(request);
  const id = newId();
  await store.create(id, [...new Set([user, ...(request.body.participantIds as string[])])]);
  response.status(201).json({ id });
});

app.post('/api/chat/messages', async (request, response) => {
  const senderId = await userOf(request);
  const { conversationId, content, type = 0, clientMessageId = null } = request.body;
  if (typeof conversationId !== 'string' || typeof content !== 'string' || content === '') {
    response.status(400).json({ error: 'conversationId and content are required' });
    return;
  }
  if (!(await store.isMember(conversationId, senderId))) {
    response.status(404).json({ error: 'no such conversation' });
    return;
  }
  const createdAt = new Date().toISOString();
  const message = { id: newId(), conversationId, senderId, content, type, createdAt, clientMessageId };
  await store.insert(message);
  channel.sendToQueue(peerQueue, Buffer.from(JSON.stringify(message)), { persistent: true }, (error) => {
    if (error) log.error({ err: error }, 'a message was not confirmed');
  });
  response.status(201).json(message);
});

createServer(app).listen(Number(PORT), '127.0.0.1');
