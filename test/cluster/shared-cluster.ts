import { startCluster } from './start-cluster.ts';

/** For the desk of global-setup.ts: its URL is the cluster's address as JSON. */
export async function startSharedCluster(): Promise<{ url: string } & AsyncDisposable> {
  const cluster = await startCluster();
  return { url: JSON.stringify(cluster.address), [Symbol.asyncDispose]: () => cluster.stop() };
}
