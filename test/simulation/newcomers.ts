import type { UserId } from '#shared/contract/ids.ts';
import { clientMethods } from '#shared/contract/names.ts';
import type { NotificationWorld } from './notification-world.ts';
import { Device } from './simulated-clients.ts';
import { StockClient } from './stock-client.ts';

type Newcomer = { readonly client: StockClient; readonly publishedAt: number[] };

/** Sooner than any comparison of heads would find what was missed, most times. */
const pushedMs = 1_000;

/** In a calm world: people whom no worker knows yet, and to whom something happens as they come. */
export async function newcomersMissNothing(world: NotificationWorld): Promise<string | undefined> {
  const { simulation } = world.platform;
  const { random } = simulation;
  const justCame = [0, 1, 2, 3].map((index) => {
    const newcomer = come(world, `newcomer ${index}`, random.between(0, 60));
    publishLater(world, newcomer, `newcomer ${index}`, random.between(20, 450));
    return newcomer;
  });
  await simulation.runTo(simulation.elapsed + 500 + pushedMs);
  const missed = missedBy(justCame, ({ since }) => since);
  if (missed || random.chance(0.7)) return missed && `as he came: ${missed}`;
  return keptForThem(world);
}

/** They are accepted although nobody tells the workers where their streams are. */
async function keptForThem(world: NotificationWorld): Promise<string | undefined> {
  const { platform } = world;
  const { simulation } = platform;
  platform.hubsReadNothing = true;
  const blind = [0, 1].map((index) => {
    const newcomer = come(world, `early one ${index}`, 0);
    for (const delay of [2_500, 2_600]) publishLater(world, newcomer, `early one ${index}`, delay);
    return newcomer;
  });
  platform.later(3_500, () => (platform.hubsReadNothing = false));
  await simulation.runTo(simulation.elapsed + 9_500);
  const missed = missedBy(blind, () => 0);
  return missed && `while nobody knew the head: ${missed}`;
}

function come(world: NotificationWorld, name: string, delayMs: number): Newcomer {
  const { platform } = world;
  const device = new Device(name, name as UserId, platform.internet);
  device.process.frozenUntil = device.process.clock.now() + delayMs;
  return {
    client: new StockClient(device, { chat: false, method: clientMethods.receiveNotification }),
    publishedAt: [],
  };
}

function publishLater({ platform, publish }: NotificationWorld, { publishedAt }: Newcomer, name: string, ms: number) {
  platform.later(ms, () => {
    publishedAt.push(platform.simulation.elapsed);
    publish(name as UserId);
  });
}

function missedBy(
  newcomers: readonly Newcomer[],
  from: (session: { readonly since: number }) => number,
): string | undefined {
  for (const { client, publishedAt } of newcomers) {
    const [session] = client.sessions;
    if (!session) return `${client.device.process.name} was not let in`;
    const due = publishedAt.filter((at) => at > from(session)).length;
    const { length } = session.received;
    if (length < due) return `${client.device.process.name} got ${length} of ${due} rows`;
  }
  return undefined;
}
