import type { Metrics } from '#shared/runtime/metrics.ts';

export type HubMetrics = ReturnType<typeof createHubMetrics>;

/** Series that are there from the start: an autoscaler must see 0, not nothing. */
const connectionSeries = ['signalr-json', 'signalr-messagepack', 'socket.io'].flatMap((protocol) =>
  ['WebSockets', 'ServerSentEvents', 'LongPolling'].map((transport) => ({ protocol, transport })),
);

export function createHubMetrics(metrics: Metrics) {
  const connections = metrics.gauge('hub_connections', 'Live client connections that this worker owns', [
    'protocol',
    'transport',
  ]);
  for (const labels of connectionSeries) connections.set(labels, 0);
  return {
    connections,
    streams: metrics.gauge('hub_streams', 'Streams that this worker follows'),
    chatUsers: metrics.gauge('hub_chat_users', 'Users with a connection that takes part in chat'),
    heldRows: metrics.counter('hub_held_rows_total', 'Rows that waited for a newer list of members'),
    membersReads: metrics.counter('hub_members_reads_total', 'Conversations whose members were read'),
    droppedSignals: metrics.counter('hub_dropped_signals_total', 'Droppable messages that slow clients did not get'),
    typingIgnored: metrics.counter('hub_typing_ignored_total', 'Calls that told nobody anything', ['reason']),
    presenceReads: metrics.counter('hub_presence_reads_total', 'Users whose presence was read'),
    deliveries: metrics.counter('hub_deliveries_total', 'Messages queued for a client', ['as']),
    frames: metrics.counter('hub_frames_total', 'Frames from the backplane by what became of them', ['outcome']),
    framesForNobody: metrics.counter('hub_frames_without_member_total', 'Frames of streams without a member here'),
    repairs: metrics.counter('hub_repair_reads_total', 'Pages of changes read to close gaps'),
    lostPlaces: metrics.counter('hub_lost_places_total', 'Streams whose place was given up for the head'),
    sourceFailures: metrics.counter('hub_source_failures_total', 'Reads of heads or changes that failed'),
    closes: metrics.counter('hub_closes_total', 'Connections that the hub ended', ['reason']),
    refusals: metrics.counter('hub_admission_refusals_total', 'Clients sent away for want of a place'),
    overUserLimit: metrics.counter('hub_user_limit_refusals_total', 'Clients sent away for too many of one user'),
    userLimitAsked: metrics.counter('hub_user_limit_reads_total', 'Connects that waited for a count of all workers'),
    userLimitLocal: metrics.gauge('hub_user_limit_local', '1 while connections of users are counted here alone'),
  };
}
