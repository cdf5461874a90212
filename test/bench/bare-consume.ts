import { connect } from 'amqplib';

/**
 * The ceiling for any consumer in this language: amqplib, prefetch 200, `JSON.parse`, one multiple ack per 50. Prints
 * `ready` when it consumes and `done` when the queue's COUNT messages are settled.
 */
const { AMQP_URL = '', QUEUE = '', COUNT = '0' } = process.env;
const connection = await connect(AMQP_URL);
const channel = await connection.createChannel();
await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
await channel.prefetch(200);
let seen = 0;
let withRecipient = 0;
await channel.consume(QUEUE, (message) => {
  if (!message) return;
  const { message: event } = JSON.parse(message.content.toString());
  if (event.targetUserId) withRecipient += 1;
  seen += 1;
  const isLast = seen === Number(COUNT);
  if (seen % 50 === 0 || isLast) channel.ack(message, true);
  if (isLast) process.stdout.write(`done ${withRecipient}\n`);
});
process.stdout.write('ready\n');
