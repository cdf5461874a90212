import type { RedisBackplane } from '#shared/backplane/redis-backplane.ts';
import type { ReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import type { HubSockets } from './hub.ts';

/**
 * Decision 17: an outage that all workers share makes none of them NotReady. A drain does, and a subscription that is
 * dead while Redis answers: then others serve better.
 */
export function watchHub(
  readiness: Readiness,
  {
    hub,
    backplane,
    chat,
  }: {
    readonly hub: Pick<HubSockets, 'draining' | 'sourceFailing' | 'chatSourceFailing'>;
    readonly backplane: Pick<RedisBackplane, 'state' | 'blind'>;
    /** undefined: this worker has none. */
    readonly chat: { readonly endpoint: Pick<ReceiveEndpoint, 'state'> } | undefined;
  },
): void {
  // Getters: the state is asked at each probe.
  readiness.set('sockets', {
    required: true,
    get ready() {
      return !hub.draining;
    },
    get detail() {
      return hub.draining ? 'draining' : 'taking connections';
    },
  });
  readiness.set('backplane', {
    get required() {
      return backplane.blind;
    },
    get ready() {
      return backplane.state === 'up';
    },
    get detail() {
      return backplaneDetail(backplane);
    },
  });
  readiness.set('notification', {
    required: false,
    get ready() {
      return !hub.sourceFailing;
    },
    get detail() {
      return hub.sourceFailing ? 'waiting for the notification service' : 'answers, or was not asked yet';
    },
  });
  if (!chat) return;
  readiness.watch('chat', () => ({
    required: false,
    ready: !hub.chatSourceFailing,
    detail: hub.chatSourceFailing ? 'waiting for the chat service' : 'answers, or was not asked yet',
  }));
  readiness.watch('events', () => {
    const { status, detail } = chat.endpoint.state;
    return { ready: status === 'consuming', required: false, detail };
  });
}

function backplaneDetail({ state, blind }: Pick<RedisBackplane, 'state' | 'blind'>): string {
  if (state === 'up') return 'connected';
  return blind ? 'Redis answers, but our own subscription is dead' : 'waiting for Redis';
}
