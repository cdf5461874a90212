import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import type { RealtimeClient } from '../../../../../services/client/connect.ts';
import type { NotificationDto } from '../../../../../services/shared/contract/notification-dto.ts';
import { eventually } from '../../../../eventually.ts';
import { likeEnvelope, publisherTo } from '../../../../scenarios/publisher.ts';
import { brokerUrl, serviceUrl, tokenOf } from '../program.ts';
import type { Ledger } from './ledger.ts';
import { type Speaker, speaker } from './speaker.ts';

const patience = { timeoutMs: 120_000, everyMs: 200 };
const soon = { timeoutMs: 5_000, everyMs: 50 };
const everyMs = 600;

export const likesDisplay = 'alice’s notifications';

/** Likes of alice, each published until it is confirmed; her SDK client must show all, a stock one all while it is connected. */
export async function startLikes(ledger: Ledger, user: string, client: RealtimeClient): Promise<Speaker> {
  client.notifications.onChange(() => {
    for (const { entityId, id, number } of client.notifications.state.list.rows.values())
      ledger.shown(likesDisplay, entityId, { id, number });
  });
  const stock = await startStock(ledger, user);
  await eventually(() => {
    const { state } = client.notifications.state.connection;
    return state === 'connected' ? undefined : `her SDK client is ${state}`;
  }, patience);
  const publisher = await publisherTo(brokerUrl());
  const publish = async (post: string) => {
    // Made once: what the publisher sends again is the same event.
    await publisher.publish(likeEnvelope({ from: 'bob', to: user, post }));
    ledger.acknowledged(post);
  };
  const likes = speaker('like', everyMs, publish);
  let calms = 0;
  return {
    resume: likes.resume,
    async pause() {
      await likes.pause();
      // Who has just come back is shown what comes from a moment after that on; a row that is left out later is told anyway.
      const isShown = async () => {
        const post = `calm ${calms++}`;
        await publish(post);
        await eventually(() => stock.whyBehind(post), soon);
        return undefined;
      };
      await eventually(isShown, patience).catch(({ message }: Error) => ledger.fault(message));
    },
  };
}

type Stock = {
  /** `post`: whose like was the last one. */
  readonly whyBehind: (post: string) => string | undefined;
};

/** Without event streams: the package leaves one that could not begin behind, and then connects twice (docs/protocol.md). */
const transport = HttpTransportType.WebSockets | HttpTransportType.LongPolling;

/** The package as it comes. While one connection lives it is shown each row once and in order. */
async function startStock(ledger: Ledger, user: string): Promise<Stock> {
  const connection = new HubConnectionBuilder()
    .withUrl(`${serviceUrl('hub', 8097)}/hubs/notifications`, { accessTokenFactory: () => tokenOf(user), transport })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 500 })
    .configureLogging(LogLevel.None)
    .build();
  let last: NotificationDto | undefined;
  connection.on('ReceiveNotification', (row: NotificationDto) => {
    if (last !== undefined && row.number !== last.number + 1)
      ledger.fault(`a stock client was shown row ${row.number} after ${last.number}`);
    last = row;
  });
  connection.onreconnecting(() => {
    last = undefined;
  });
  await eventually(async () => {
    await connection.start();
    return undefined;
  }, patience);
  return {
    whyBehind: (post) =>
      last?.entityId === post ? undefined : `a stock client, ${connection.state}, was not shown ${post}`,
  };
}
