import { serverMethods } from '../../shared/contract/names.ts';
import { randomId } from '../random-id.ts';
import type { LiveConnection, LiveOptions, OpenLive } from './live-connection.ts';
import type { TabChannel, TabMessage } from './tab-channel.ts';

export type Held = { release(): void };

/** Has the connection, and speaks for the other tabs. The lock is its own until the connection ends. */
export async function lead(
  open: OpenLive,
  options: LiveOptions,
  channel: TabChannel,
  lock: Held,
): Promise<LiveConnection> {
  const { handlers } = options;
  const leader = randomId();
  const watched = new Map<string, readonly string[]>();
  let live: LiveConnection | undefined;
  let transport = '';
  const end = (reason: string, comeBack: boolean) => {
    channel.post({ kind: 'closed', leader, reason, comeBack });
    channel.close();
    lock.release();
  };
  const call = (tab: string, method: string, args: readonly unknown[]) => {
    if (!live) return Promise.reject(new Error('the connection is not open'));
    if (method !== serverMethods.watchPresence) return live.call(method, ...args);
    // One list for each connection: whom any tab shows.
    watched.set(tab, Array.isArray(args[0]) ? args[0] : []);
    return live.call(method, [...new Set([...watched.values()].flat())]);
  };
  channel.listen((message) => {
    if (message.kind === 'join')
      channel.post({ kind: live ? 'joined' : 'opening', leader, to: message.tab, transport });
    if (!('leader' in message) || message.leader !== leader) return;
    if (message.kind === 'tell') live?.tell(message.method, ...message.args);
    if (message.kind === 'left') watched.delete(message.tab);
    if (message.kind === 'call') void answer(message, call(message.tab, message.method, message.args));
  });
  const answer = ({ tab, id }: TabMessage & { kind: 'call' }, result: Promise<unknown>) =>
    result.then(
      (value) => channel.post({ kind: 'answer', leader, to: tab, id, value }),
      (error: unknown) => channel.post({ kind: 'answer', leader, to: tab, id, error: String(error) }),
    );
  try {
    live = await open({
      ...options,
      handlers: {
        called(method, args) {
          channel.post({ kind: 'called', leader, method, args });
          handlers.called(method, args);
        },
        transport(name) {
          transport = name;
          channel.post({ kind: 'transport', leader, transport });
          handlers.transport(name);
        },
        closed(reason, comeBack) {
          end(reason, comeBack);
          handlers.closed(reason, comeBack);
        },
      },
    });
  } catch (error) {
    end(error instanceof Error ? error.message : String(error), true);
    throw error;
  }
  const own = live;
  return {
    call: (method, ...args) => call(leader, method, args),
    tell: (method, ...args) => own.tell(method, ...args),
    close() {
      own.close();
      end('the tab that held the connection closed it', true);
    },
  };
}
