import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from './attempt.ts';
import type { Container, Deadline } from './container.ts';
import type { ContainerProcess } from './container-process.ts';

/** What a kubelet grants to a preStop hook that has used up the grace. */
const EXTENSION_MS = 2000;
const LOOK_EVERY_MS = 250;

/** preStop, SIGTERM to the first process, SIGKILL at the deadline; resolves when it has ended. */
export async function stopContainer(
  container: Container,
  running: ContainerProcess,
  deadline: Deadline,
): Promise<void> {
  let over = false;
  const ended = running.ended.then(() => {
    over = true;
  });
  const leftMs = () => Math.max(0, deadline.atMs - Date.now());
  const hook = container.spec.lifecycle?.preStop;
  if (hook !== undefined && leftMs() > 0) {
    const hooked = attempt(hook, container.target(), leftMs()).catch((error: Error) => {
      container.owner.event('FailedPreStopHook', `${container.spec.name}: ${error.message}`);
    });
    let hooking = true;
    void hooked.then(() => {
      hooking = false;
    });
    while (hooking && !over && leftMs() > 0)
      await Promise.race([ended, hooked, sleep(Math.min(leftMs(), LOOK_EVERY_MS))]);
    if (!over && leftMs() === 0) {
      container.signal('SIGTERM');
      await Promise.race([ended, sleep(EXTENSION_MS)]);
    }
  }
  if (!over) container.signal('SIGTERM');
  // The deadline may be brought forward meanwhile.
  while (!over && leftMs() > 0) await Promise.race([ended, sleep(Math.min(leftMs(), LOOK_EVERY_MS))]);
  if (!over) container.signal('SIGKILL');
  await ended;
}
