import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    devEnvDesk: string;
  }
}

export type SharedServerName = 'rabbitmq' | 'redis' | 'mongodev' | 'secantus' | 'cluster';

/**
 * The URL of a server (of the cluster its address, as JSON) that all test files of a run share: use names of your own (queues, prefixes, databases) and
 * never stop it. The first call of a run starts it.
 */
export async function sharedServer(name: SharedServerName): Promise<string> {
  const response = await fetch(`${inject('devEnvDesk')}/${name}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`the shared ${name} did not start: ${text}`);
  return text;
}

export async function sharedRabbitMq(): Promise<{ url: string }> {
  return { url: await sharedServer('rabbitmq') };
}

export async function sharedRedis(): Promise<{ url: string }> {
  return { url: await sharedServer('redis') };
}
