import type { ChatClient } from '#services/client/chat/chat-client.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { type ChatWorld, stockClient } from './chat-world.ts';
import { Device } from './simulated-clients.ts';

/** What is pushed is there, and what is asked for on heal. */
const pushedMs = 1_500;
/** Whoever came in, or went out, unheard is asked about each 24 to 36 s. */
const unheardMs = 38_000;
/** A restore ends with a new epoch within so long. */
const renewedMs = 3_000;

/** In a calm world: what becomes of one who comes into a conversation, or goes out, while he is connected. */
export async function newcomersAreServed(world: ChatWorld): Promise<string | undefined> {
  const { random } = world.platform.simulation;
  const missed = await getsAllFromThereOn(world);
  if (missed || random.chance(0.8)) return missed;
  const ways = [comesInUnheard, comesInDuringAnOutage, comesInWhileReadersLag, goesOutUnheard];
  // The oracle knows of one restore at most.
  if (world.platform.restoredAt < 0) ways.push(comesBackByARestore);
  return random.pick(ways)(world);
}

/** A page that knows nothing of ours is connected, and people write, while its user is added. */
async function getsAllFromThereOn(world: ChatWorld): Promise<string | undefined> {
  const { simulation, internet } = world.platform;
  const newcomer = 'newcomer' as UserId;
  const { sessions } = stockClient(new Device("the newcomer's page", newcomer, internet));
  await simulation.runTo(simulation.elapsed + 500);
  world.platform.later(0, () => world.add(newcomer));
  for (let count = 3; count > 0; count -= 1) {
    world.platform.later(simulation.random.between(0, 100), () => world.send(0, 1));
  }
  await simulation.runTo(simulation.elapsed + pushedMs);
  const truth = (await world.truth()).toReversed();
  const added = truth.findIndex(({ system }) => system?.action === 'added' && system.userIds.includes(newcomer));
  if (added < 0) return 'the newcomer was not added';
  const wanted = truth.slice(added).map(({ number }) => number);
  const got = sessions[0]?.received.map(({ number }) => number);
  return got?.join() === wanted.join() ? undefined : `the newcomer got rows ${got} of ${wanted}`;
}

/** Somebody whose worker has nobody else of the conversation that he comes into. */
class Stranger {
  readonly #world: ChatWorld;
  readonly #client: ChatClient;
  readonly #device: Device;
  readonly #friend: ReturnType<ChatWorld['hand']>;
  #conversation = '';

  constructor(world: ChatWorld) {
    this.#world = world;
    this.#device = new Device("the stranger's phone", 'stranger' as UserId, world.platform.internet);
    this.#client = world.client(this.#device);
    this.#friend = world.hand('friend' as UserId);
  }

  connect(): Promise<void> {
    return this.#pass(1_000, () => this.#client.start());
  }

  isLetIn(): Promise<void> {
    return this.#pass(500, async () => {
      const conversation = { kind: 'group', with: [this.#device.user] } as const;
      this.#conversation = (await this.#friend.createConversation(conversation)).id;
    });
  }

  isRemoved(): Promise<void> {
    return this.#pass(500, () => this.#friend.removeParticipant(this.#conversation, this.#device.user));
  }

  /** It reads by REST what no push has told. */
  wakes(): Promise<void> {
    return this.#pass(500, () => this.#client.wake());
  }

  get lists(): boolean {
    return this.#client.state.conversations.some(({ id }) => id === this.#conversation);
  }

  async #pass(ms: number, act: () => unknown): Promise<void> {
    const { simulation } = this.#world.platform;
    simulation.after(this.#device.process, 0, () => void act());
    await simulation.runTo(simulation.elapsed + ms);
  }
}

const silence = { lost: 1, doubled: 0, late: 0 };
const none = { lost: 0, doubled: 0, late: 0 };

async function comesInUnheard(world: ChatWorld): Promise<string | undefined> {
  const { simulation, backplane } = world.platform;
  const stranger = new Stranger(world);
  await stranger.connect();
  backplane.faults = silence;
  await stranger.isLetIn();
  backplane.faults = none;
  if (stranger.lists) return 'the stranger heard what was lost';
  await simulation.runTo(simulation.elapsed + unheardMs);
  return stranger.lists ? undefined : 'the stranger who came in unheard lists nothing';
}

async function comesInDuringAnOutage(world: ChatWorld): Promise<string | undefined> {
  const { simulation, backplane } = world.platform;
  const stranger = new Stranger(world);
  await stranger.connect();
  backplane.turn('down');
  await stranger.isLetIn();
  backplane.turn('up');
  await simulation.runTo(simulation.elapsed + pushedMs);
  return stranger.lists ? undefined : 'the stranger who came in during an outage lists nothing';
}

async function goesOutUnheard(world: ChatWorld): Promise<string | undefined> {
  const { simulation, backplane } = world.platform;
  const stranger = new Stranger(world);
  await stranger.connect();
  backplane.faults = silence;
  await stranger.isLetIn();
  await stranger.wakes();
  if (!stranger.lists) return 'the stranger did not read that he is in';
  await stranger.isRemoved();
  backplane.faults = none;
  await simulation.runTo(simulation.elapsed + unheardMs);
  return stranger.lists ? 'the stranger who went out unheard lists what he left' : undefined;
}

/** He is asked about before the majority has him, and every reader with it. */
async function comesInWhileReadersLag(world: ChatWorld): Promise<string | undefined> {
  const { simulation, backplane, database } = world.platform;
  const stranger = new Stranger(world);
  await stranger.connect();
  backplane.faults = silence;
  database.gate.lagging = true;
  backplane.turn('down');
  await stranger.isLetIn();
  backplane.turn('up');
  await simulation.runTo(simulation.elapsed + 500);
  database.gate.catchUp();
  await simulation.runTo(simulation.elapsed + 500);
  backplane.faults = none;
  await simulation.runTo(simulation.elapsed + unheardMs);
  return stranger.lists ? undefined : 'the stranger who came in while readers lagged lists nothing';
}

async function comesBackByARestore(world: ChatWorld): Promise<string | undefined> {
  const { simulation } = world.platform;
  const stranger = new Stranger(world);
  await stranger.connect();
  await stranger.isLetIn();
  world.platform.schedule([{ at: simulation.elapsed, do: 'back-up' }], () => false);
  await simulation.runTo(simulation.elapsed + 100);
  await stranger.isRemoved();
  if (stranger.lists) return 'the stranger lists what he was removed from';
  world.platform.schedule([{ at: simulation.elapsed, do: 'restore' }], () => false);
  await simulation.runTo(simulation.elapsed + renewedMs + unheardMs);
  return stranger.lists ? undefined : 'the stranger whom a restore let in again lists nothing';
}
