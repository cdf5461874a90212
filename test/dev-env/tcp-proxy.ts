import { createServer, Socket } from 'node:net';
import { freePort } from './free-port.ts';
import { type CutBy, Pipe, type PipeFaults } from './tcp-pipe.ts';

export type Direction = 'toServer' | 'toClient';

/** Stands between clients and a server on TCP, and fails on demand. Without faults it changes nothing. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Client connections that are open now. */
  readonly connections: number;
  /** Client connections that were ever accepted. */
  readonly accepted: number;
  /** The same URL, by way of the proxy. */
  through(url: string): string;
  /** For what passes from now on, in present and new connections; replaces the faults of that direction. */
  setFaults(direction: Direction, faults: PipeFaults): void;
  /** Ends all connections at both sides now. New ones are accepted. */
  cut(how?: CutBy): void;
  /** New connections get ECONNREFUSED; present ones live on. */
  refuse(): void;
  /** Connections stay open, and new ones are taken, but neither bytes nor ends pass: a cable that was pulled. */
  blackhole(): void;
  /** The server's side of present connections is cut and the client hears nothing: a peer that died without a word. */
  halfOpen(): void;
  /**
   * Takes all faults back. What a blackhole held arrives now; connections whose other side has died meanwhile are reset.
   */
  heal(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1 and keeps it until it is disposed of. */
export async function startTcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
  const links = new Set<Link>();
  const faults: Record<Direction, PipeFaults> = { toServer: {}, toClient: {} };
  let frozen = false;
  let accepted = 0;

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    accepted++;
    const server = new Socket({ allowHalfOpen: true });
    const link = new Link(client, server, () => links.delete(link));
    links.add(link);
    link.toServer.setFaults(faults.toServer);
    link.toClient.setFaults(faults.toClient);
    if (frozen) link.freeze();
    server.connect(target.port, target.host ?? '127.0.0.1');
  });
  let port: number;
  do port = await freePort();
  while (!(await listens(listener, port)));

  const setFaults = (direction: Direction, wanted: PipeFaults) => {
    faults[direction] = wanted;
    for (const link of links) link[direction].setFaults(wanted);
  };
  return {
    port,
    get connections() {
      return [...links].filter(({ client }) => !client.destroyed).length;
    },
    get accepted() {
      return accepted;
    },
    through(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.href;
    },
    setFaults,
    cut(how = 'close') {
      for (const link of links) link.cut(how);
    },
    refuse() {
      listener.close();
    },
    blackhole() {
      frozen = true;
      for (const link of links) link.freeze();
    },
    halfOpen() {
      for (const link of links) link.loseServer();
    },
    async heal() {
      frozen = false;
      setFaults('toServer', {});
      setFaults('toClient', {});
      for (const link of links) link.thaw();
      if (!listener.listening && !(await listens(listener, port))) throw new Error(`somebody took port ${port}`);
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const link of links) link.cut('close');
    },
  };
}

/** A client's connection and its twin to the server. */
class Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  #frozen = false;
  #broken = false;

  constructor(client: Socket, server: Socket, onGone: () => void) {
    this.client = client;
    this.server = server;
    const cut = (how: CutBy) => this.cut(how);
    this.toServer = new Pipe(client, server, cut);
    this.toClient = new Pipe(server, client, cut);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // An end in order comes through the pipe; an error means that the other side shall have one too.
      socket.on('error', () => this.#break());
      socket.on('close', () => {
        if (client.destroyed && server.destroyed) onGone();
      });
    }
  }

  freeze(): void {
    this.#frozen = true;
    this.toServer.freeze();
    this.toClient.freeze();
  }

  thaw(): void {
    this.#frozen = false;
    this.toServer.thaw();
    this.toClient.thaw();
    if (this.#broken) this.cut('reset');
  }

  loseServer(): void {
    this.freeze();
    this.#broken = true;
    this.server.destroy();
    // What the client sends now goes nowhere, for as long as it likes.
    this.toServer.thaw();
  }

  cut(how: CutBy): void {
    for (const socket of [this.client, this.server]) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  #break(): void {
    this.#broken = true;
    if (!this.#frozen) this.cut('reset');
  }
}

function listens(server: ReturnType<typeof createServer>, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const failed = () => resolve(false);
    server.once('error', failed);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}
