import * as http from 'node:http';
import * as https from 'node:https';
import type { ServiceName } from '../routes.ts';
import type { Circuit } from './circuit.ts';

/** A service behind the gateway. */
export type Upstream = {
  readonly name: ServiceName;
  readonly url: URL;
  /** Keeps connections; a service that says how long it keeps its end is believed. */
  readonly agent: http.Agent;
  readonly circuit: Circuit;
  readonly silenceTimeoutMs: number;
};

export type UpstreamOptions = Omit<Upstream, 'agent' | 'url'> & {
  readonly url: string;
  readonly maxConnections: number;
};

export function createUpstream({ url: text, maxConnections, ...rest }: UpstreamOptions): Upstream {
  const url = new URL(text);
  const options = { keepAlive: true, maxSockets: maxConnections, maxFreeSockets: 64, scheduling: 'lifo' as const };
  return { ...rest, url, agent: url.protocol === 'https:' ? new https.Agent(options) : new http.Agent(options) };
}
