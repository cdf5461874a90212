import type { Clock } from '../clock.ts';
import { claimsOf } from '../rest/token-source.ts';
import type { OpenLive } from './live-connection.ts';
import { tabChannel } from './tab-channel.ts';
import { follow } from './tab-follower.ts';
import { type Held, lead } from './tab-leader.ts';

/** The parts of a browser that tabs of one origin share. */
export type TabParts = {
  readonly locks: Pick<LockManager, 'request'>;
  readonly BroadcastChannel: typeof globalThis.BroadcastChannel;
};

/** undefined where tabs cannot share: each has a connection of its own then. */
export function tabParts(): TabParts | undefined {
  const locks = globalThis.navigator?.locks;
  const { BroadcastChannel } = globalThis;
  return locks && BroadcastChannel && { locks, BroadcastChannel };
}

/**
 * One connection for all tabs of a user: the tab that holds a lock has it, the others speak through that one. When it
 * ends, or its tab does, all tabs open anew and another may win the lock. What is loaded stays each tab's own, so tabs
 * differ in nothing but whose socket it is. Locks rather than a SharedWorker: no file of its own to serve, tokens and
 * transports that are functions, and Chrome on Android has no SharedWorker. Only tabs with the same `among` share.
 */
export function sharedLive(
  open: OpenLive,
  { locks, BroadcastChannel }: TabParts,
  clock: Clock,
  among: string,
): OpenLive {
  return async (options) => {
    const { baseUrl, hub } = options;
    const { user = '' } = claimsOf(await options.token());
    const name = `sonixy.live ${baseUrl} ${hub} ${user}${among && ` ${among}`}`;
    const channel = tabChannel(new BroadcastChannel(name));
    try {
      const lock = await tryLock(locks, name);
      return await (lock ? lead(open, options, channel, lock) : follow(open, options, { channel, locks, name, clock }));
    } catch (error) {
      channel.close();
      throw error;
    }
  };
}

/** undefined: another tab has it. */
function tryLock(locks: TabParts['locks'], name: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch(reject);
  });
}
