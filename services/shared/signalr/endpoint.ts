import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocketServer } from 'ws';
import { type ConnectionContext, HubConnection } from './connection.ts';
import {
  type ConnectionToken,
  type ConnectionTokens,
  hashIdentity,
  newConnectionId,
  type Worker,
} from './connection-token.ts';
import type { Forward } from './forward.ts';
import {
  type Answer,
  answer,
  answerUnread,
  answerUpgrade,
  cannotChangeTransport,
  cannotDelete,
  connectionIdRequired,
  noCache,
  noSuchConnection,
  overloaded,
  postToWebSocket,
  refusal,
  unforwarded,
} from './http-answer.ts';
import { LongPollingTransport } from './long-polling-transport.ts';
import { negotiateAnswer, negotiateVersion } from './negotiate.ts';
import type { Query } from './request-target.ts';
import { SendRequests } from './send-requests.ts';
import { ServerSentEventsTransport } from './server-sent-events-transport.ts';
import { type Session, Sessions } from './sessions.ts';
import type { Transport, TransportListener } from './transport.ts';
import { WebSocketTransport } from './web-socket-transport.ts';

export type EndpointContext<Identity> = ConnectionContext<Identity> & {
  readonly tokens: ConnectionTokens;
  readonly worker: Worker;
  readonly forward: Forward | undefined;
  readonly sockets: WebSocketServer;
};

const forwardable = new Set(['GET', 'POST', 'DELETE']);

/** A request that ends with this answer instead of doing what it asked for. */
class Refused extends Error {
  override name = 'Refused';
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('request refused');
    this.answer = answer;
  }
}

/** One hub path: who may do what to which connection. */
export class Endpoint<Identity> {
  readonly #context: EndpointContext<Identity>;
  readonly #sessions: Sessions<Identity>;
  #closing = false;

  constructor(context: EndpointContext<Identity>) {
    this.#context = context;
    this.#sessions = new Sessions(context.ticker, 2 * context.limits.connectWithinMs);
  }

  get connections(): number {
    return this.#sessions.size;
  }

  async negotiate(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    await this.#answering(request, response, async () => {
      if (request.method !== 'POST') throw new Refused({ status: 405 });
      const identity = await this.#authorize(request, false);
      await this.#admit(request);
      const negotiation = negotiateVersion(query);
      const body = 'error' in negotiation ? negotiation : this.#issue(negotiation.version, identity);
      answer(response, { status: 200, type: 'application/json', body: JSON.stringify(body) });
    });
  }

  async request(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    await this.#answering(request, response, async () => {
      if (await this.#passedOn(request, response, query)) return;
      switch (request.method) {
        case 'GET':
          return request.headers.accept?.includes('text/event-stream')
            ? this.#stream(request, response, query)
            : this.#poll(request, response, query);
        case 'POST':
          return this.#send(request, response, query);
        case 'DELETE':
          return this.#delete(request, response, query);
        default:
          throw new Refused({ status: 405 });
      }
    });
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, query: Query): Promise<void> {
    try {
      const identity = await this.#authorize(request, false);
      const id = await this.#idForWebSocket(request, identity, query('id'));
      if (socket.destroyed) return;
      this.#context.sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#begin(id, identity, (listener) => new WebSocketTransport(webSocket, listener));
      });
    } catch (error) {
      answerUpgrade(socket, this.#toAnswer(error));
    }
  }

  /** New ones are refused, those that are here are told to come back elsewhere. */
  closeAll(): void {
    this.#closing = true;
    for (const { connection } of this.#sessions.values()) connection.close({ allowReconnect: true });
  }

  abortAll(): void {
    for (const { connection } of [...this.#sessions.values()]) connection.abort();
  }

  #issue(version: 0 | 1, identity: Identity): object {
    const { hub, path, tokens, worker, clock } = this.#context;
    const connectionId = newConnectionId();
    const identityHash = hashIdentity(hub.identityKey(identity));
    const token = tokens.seal(path, { connectionId, worker, issuedAt: clock.now(), identityHash });
    return negotiateAnswer(version, connectionId, token);
  }

  async #idForWebSocket(request: IncomingMessage, identity: Identity, sealed: string | undefined): Promise<string> {
    if (!sealed) {
      await this.#admit(request);
      return newConnectionId();
    }
    const token = this.#context.tokens.open(this.#context.path, sealed);
    if (!token) throw new Refused(noSuchConnection);
    const session = this.#sessions.get(token.connectionId);
    if (session) {
      this.#requireSameUser(session, identity);
      throw new Refused(session.sends ? cannotChangeTransport : { status: 409 });
    }
    this.#spend(token, identity);
    return token.connectionId;
  }

  /** Whether the worker that the id names has answered; it knows who may do what to its connections. */
  async #passedOn(request: IncomingMessage, response: ServerResponse, query: Query): Promise<boolean> {
    const { forward, tokens, path, worker } = this.#context;
    const sealed = query('id');
    if (!forward || !sealed || !forwardable.has(request.method ?? '')) return false;
    const token = tokens.open(path, sealed);
    // A WebSocket may live here under another worker's id.
    if (!token || token.worker.id === worker.id || this.#sessions.get(token.connectionId)) return false;
    const outcome = await forward(token.worker, request, response);
    if (outcome !== 'answered') throw new Refused(unforwarded[outcome]);
    return true;
  }

  async #stream(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    const { token, session, identity } = await this.#identify(request, query);
    if (session)
      throw new Refused(session.connection.transport === 'ServerSentEvents' ? { status: 409 } : cannotChangeTransport);
    this.#spendOwn(token, identity);
    if (response.destroyed) return;
    const { ticker, limits } = this.#context;
    this.#begin(
      token.connectionId,
      identity,
      (listener) => new ServerSentEventsTransport(response, listener, ticker, limits.closeTimeoutMs),
    );
  }

  async #poll(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    for (const [name, value] of Object.entries(noCache)) response.setHeader(name, value);
    const { token, session, identity } = await this.#identify(request, query);
    if (response.destroyed) return;
    if (session) {
      if (!session.polling) throw new Refused(cannotChangeTransport);
      session.polling.poll(response);
      return;
    }
    this.#spendOwn(token, identity);
    const { ticker, limits } = this.#context;
    let polling: LongPollingTransport | undefined;
    this.#begin(token.connectionId, identity, (listener) => {
      polling = new LongPollingTransport(listener, ticker, limits);
      return polling;
    });
    polling?.open(response);
  }

  async #send(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    const { session } = await this.#identify(request, query);
    if (!session) throw new Refused(noSuchConnection);
    if (!session.sends) throw new Refused(postToWebSocket);
    answerUnread(request, response, await session.sends.accept(request));
  }

  async #delete(request: IncomingMessage, response: ServerResponse, query: Query): Promise<void> {
    const { session } = await this.#identify(request, query);
    if (!session) throw new Refused(noSuchConnection);
    if (!session.polling) throw new Refused(cannotDelete);
    session.connection.abort();
    answer(response, { status: 202 });
  }

  /** Who asks, about which connection; a live one answers to its own user only, and even when the token expired since. */
  async #identify(request: IncomingMessage, query: Query) {
    const sealed = query('id');
    const token = sealed ? this.#context.tokens.open(this.#context.path, sealed) : undefined;
    // Should it end while this is awaited, its id is spent: leniency towards a live one never lets another begin.
    const established = token !== undefined && this.#sessions.get(token.connectionId) !== undefined;
    const identity = await this.#authorize(request, established);
    if (!sealed) throw new Refused(connectionIdRequired);
    if (!token) throw new Refused(noSuchConnection);
    const session = this.#sessions.get(token.connectionId);
    if (session) {
      this.#requireSameUser(session, identity);
      this.#context.hub.onAuthorized?.(session.connection, identity);
    }
    return { token, session, identity };
  }

  #requireSameUser({ connection }: Session<Identity>, identity: Identity): void {
    if (!this.#context.hub.sameUser(connection.identity, identity)) throw new Refused({ status: 403 });
  }

  /** Only a WebSocket may begin on another worker than the one that answered negotiate. */
  #spendOwn(token: ConnectionToken, identity: Identity): void {
    if (token.worker.id !== this.#context.worker.id) throw new Refused(noSuchConnection);
    this.#spend(token, identity);
  }

  /** A token begins one connection here, at most, and while it is fresh. */
  #spend(token: ConnectionToken, identity: Identity): void {
    const { clock, limits, hub } = this.#context;
    const fresh = Math.abs(clock.now() - token.issuedAt) <= limits.connectWithinMs;
    if (!fresh || this.#sessions.wasSpent(token.connectionId)) throw new Refused(noSuchConnection);
    if (token.identityHash !== hashIdentity(hub.identityKey(identity))) throw new Refused({ status: 403 });
    if (this.#closing) throw new Refused(overloaded(1));
    this.#sessions.spend(token.connectionId);
  }

  #begin(id: string, identity: Identity, makeTransport: (listener: TransportListener) => Transport): void {
    let transport: Transport | undefined;
    const connection = new HubConnection(
      id,
      identity,
      this.#context,
      (listener) => {
        transport = makeTransport(listener);
        return transport;
      },
      () => this.#sessions.remove(id),
    );
    const overHttp = !(transport instanceof WebSocketTransport);
    this.#sessions.add(id, {
      connection,
      sends: overHttp ? new SendRequests(connection, this.#context.limits.maxPostBytes) : undefined,
      polling: transport instanceof LongPollingTransport ? transport : undefined,
    });
    if (this.#closing) connection.close({ allowReconnect: true });
  }

  async #authorize(request: IncomingMessage, established: boolean): Promise<Identity> {
    try {
      return await this.#context.hub.authorize(request, { established });
    } catch (error) {
      const it = refusal(error);
      if (it.status === 500) this.#context.onError(error, { hub: this.#context.path, method: 'authorize' });
      throw new Refused(it);
    }
  }

  async #admit(request: IncomingMessage): Promise<void> {
    if (this.#closing) throw new Refused(overloaded(1));
    const admission = await this.#context.hub.admit?.(request);
    if (admission && !admission.ok) throw new Refused(overloaded(admission.retryAfterSeconds));
  }

  async #answering(request: IncomingMessage, response: ServerResponse, act: () => Promise<void>): Promise<void> {
    try {
      const { hub } = this.#context;
      const cors = hub.cors?.(request);
      for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
      if (cors && request.method === 'OPTIONS') answer(response, { status: 204 });
      else await act();
    } catch (error) {
      answerUnread(request, response, this.#toAnswer(error));
    }
  }

  #toAnswer(error: unknown): Answer {
    if (error instanceof Refused) return error.answer;
    this.#context.onError(error, { hub: this.#context.path, method: 'request' });
    return { status: 500 };
  }
}
