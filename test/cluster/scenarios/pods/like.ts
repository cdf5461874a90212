import { HubConnectionBuilder } from '@microsoft/signalr';
import { connect } from 'amqplib';
import { eventually } from '../../../eventually.ts';
import { likeEnvelope, publisherTo } from '../../../scenarios/publisher.ts';
import { brokerUrl, runProgram, serviceUrl, tokenOf } from './program.ts';

const patience = { timeoutMs: 120_000, everyMs: 500 };

// A like in MassTransit's envelope, by the publisher's user, arrives at a stock SignalR client through the Service of the hub.
await runProgram(async () => {
  const url = brokerUrl();
  // A publisher tries for ever, and silently: whoever is refused is to be told so.
  await eventually(async () => {
    await (await connect(url)).close();
    return undefined;
  }, patience);

  const hub = new HubConnectionBuilder()
    .withUrl(`${serviceUrl('hub', 8097)}/hubs/notifications`, { accessTokenFactory: () => tokenOf('alice') })
    .withAutomaticReconnect()
    .build();
  const received: string[] = [];
  hub.on('ReceiveNotification', (row: object) => received.push(JSON.stringify(row)));
  await eventually(async () => {
    await hub.start();
    return undefined;
  }, patience);

  await using publisher = await publisherTo(url);
  const post = `post-${crypto.randomUUID()}`;
  const body = likeEnvelope({ from: 'bob', to: 'alice', post });
  await publisher.publish(body);
  const ofThisPost = () => received.filter((row) => row.includes(post));
  await eventually(() => (ofThisPost().length > 0 ? undefined : `received ${received.length} others`), patience);
  // The same event once more is no second notification; one that follows it shows that it was dealt with.
  await publisher.publish(body);
  const next = `post-${crypto.randomUUID()}`;
  await publisher.publish(likeEnvelope({ from: 'bob', to: 'alice', post: next }));
  await eventually(() => (received.some((row) => row.includes(next)) ? undefined : 'the next is not there'), patience);
  if (ofThisPost().length !== 1) throw new Error(`one like became ${ofThisPost().length} notifications`);
  await hub.stop();
  console.log('alice was shown one notification of one like');
});
