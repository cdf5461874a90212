import type { OpenLive } from '#services/client/live/live-connection.ts';
import type { RestCall } from '#services/client/rest/rest-call.ts';
import { RestError } from '#services/client/rest/rest-error.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { notificationStream, type UserId } from '#shared/contract/ids.ts';
import { serverMethods } from '#shared/contract/names.ts';
import type { SimulatedProcess, Simulation } from '#shared/stream/simulator/simulation.fixture.ts';
import type { HubWorker } from './hub-worker.ts';
import type { ClientEnd, SimulatedConnection } from './simulated-connection.ts';

export type Internet = {
  readonly simulation: Simulation;
  /** Some hub worker that accepts clients now, if any. */
  readonly hub: () => HubWorker | undefined;
  readonly loss: () => number;
  /** How often a call to REST takes its time. */
  readonly lateness: () => number;
};

/** A device: its network can be cut and its hub can be any. */
export class Device {
  readonly process: SimulatedProcess;
  readonly user: UserId;
  readonly internet: Internet;
  connection: SimulatedConnection | undefined;
  online = true;

  constructor(name: string, user: UserId, internet: Internet) {
    this.process = internet.simulation.start(name);
    this.user = user;
    this.internet = internet;
  }

  cut(noticeMs: number): void {
    this.connection?.break(noticeMs);
  }

  /** `hasPlace`: the hub knew where the streams are when it accepted. @throws `unavailable` */
  async connect(end: ClientEnd, chat: boolean): Promise<Connected> {
    const { simulation, hub, loss } = this.internet;
    const worker = this.online ? hub() : undefined;
    let accepted: SimulatedConnection | undefined;
    let abandoned = false;
    const accept = async () => {
      if (!worker) throw new PlatformError('unavailable', 'no hub');
      const streams = chat ? [] : [notificationStream(this.user)];
      const answer = await worker.accept({ user: this.user, client: this.process, streams, chat, end });
      accepted = answer.connection;
      if (abandoned) accepted.leave();
      return { ...answer, worker };
    };
    try {
      const connected = await simulation.call(this.process, worker?.process, accept, { loss: loss() });
      if (!this.online || connected.connection.broken) throw new PlatformError('unavailable', 'cut while connecting');
      this.connection = connected.connection;
      return connected;
    } catch (error) {
      abandoned = true;
      accepted?.leave();
      throw error;
    }
  }
}

type Connected = {
  readonly connection: SimulatedConnection;
  readonly worker: HubWorker;
  readonly hasPlace: boolean;
};

/** The live connection that the SDK opens. */
export function simulatedLive(device: Device): OpenLive {
  return async ({ hub, handlers }) => {
    const end = {
      called: handlers.called,
      closed: (reason: string) => handlers.closed(reason, true),
    };
    const { connection } = await device.connect(end, hub === 'chat');
    handlers.transport('simulated');
    const { simulation } = device.internet;
    return {
      call: (method, argument) =>
        new Promise((resolve, reject) => {
          const fail = () => reject(new Error('the connection has ended'));
          if (connection.broken) return fail();
          const answer = async () => {
            try {
              const value = await serve(connection, device.user, method, argument);
              connection.send(() => resolve(value));
            } catch (error) {
              connection.send(() => reject(error));
            }
          };
          simulation.after(connection.hub, simulation.random.between(1, 20), () => {
            if (!connection.broken) void answer();
          });
        }),
      tell: () => {},
      close: () => connection.leave(),
    };
  };
}

function serve(connection: SimulatedConnection, user: UserId, method: string, argument: unknown): Promise<unknown> {
  const { membership } = connection;
  if (!membership) throw new Error('not joined');
  switch (method) {
    case serverMethods.subscribe:
      return membership.subscribe(notificationStream(user), argument);
    case serverMethods.subscribeChat:
      return membership.subscribeChat(argument);
    default:
      throw new PlatformError('bad_request', `no such method: ${method}`);
  }
}

export type RestService = {
  readonly process: SimulatedProcess;
  rest(user: UserId, method: string, path: string, body?: object): Promise<unknown>;
};

const lateMs = [1, 1_500] as const;

/** REST as the SDK calls it, to some replica. */
export function simulatedRest(device: Device, service: () => RestService | undefined): RestCall {
  const { simulation, loss, lateness } = device.internet;
  return async (method, path, body) => {
    const replica = device.online ? service() : undefined;
    try {
      const answer = await simulation.call(
        device.process,
        replica?.process,
        async () => replica?.rest(device.user, method, withShortPages(path), body),
        { loss: loss(), ...(simulation.random.chance(lateness()) && { delayMs: lateMs }) },
      );
      return structuredClone(answer);
    } catch (error) {
      if (!(error instanceof PlatformError)) simulation.fail(error);
      const known = error instanceof PlatformError && error.code !== 'unavailable';
      throw known ? new RestError(error.message, error.status, { code: error.code }) : new RestError('no answer', 0);
    }
  };
}

/** A service may answer with fewer changes than were asked for: then a feed takes several readings. */
function withShortPages(path: string): string {
  return path.includes('/feed?') ? path.replace(/\blimit=\d+/, 'limit=4') : path;
}
