// What tests run as the cluster's metrics APIs: `custom.metrics.k8s.io/v1beta2` with METRIC of pods, and `metrics.k8s.io/v1beta1` with
// their CPU. Each answer is what the pods themselves say at that moment at METRICS_PORT's /metrics. Only the API server gets
// in, which says who asks by a certificate. Files: /tls is its own certificate, the pod's token is for the Kubernetes API.
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer, get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';

type Labels = Record<string, string>;
type Pod = {
  metadata: { name: string; namespace: string; labels?: Labels; deletionTimestamp?: string };
  spec: { containers: { name: string }[] };
  status: { podIP?: string };
};
/** CPU seconds that were used, and when. */
type Sample = { used: number; atMs: number };

const { METRIC = '', METRICS_PORT = '9100', PORT = '8443' } = process.env;
const custom = 'custom.metrics.k8s.io/v1beta2';
const resource = 'metrics.k8s.io/v1beta1';
const account = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Shorter, and the rate is noise. */
const windowMs = 1_000;
const scrapeTimeoutMs = 3_000;
const samples = new Map<string, Sample>();

const front = await askApi<{ data: Labels }>(
  '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication',
);
const names = JSON.parse(front.data['requestheader-allowed-names'] ?? '[]') as string[];

createServer(
  {
    cert: readFileSync('/tls/tls.crt'),
    key: readFileSync('/tls/tls.key'),
    ca: front.data['requestheader-client-ca-file'],
    requestCert: true,
  },
  async (request, response) => {
    const say = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const name = String((request.socket as TLSSocket).getPeerCertificate().subject.CN);
    if (names.length > 0 && !names.includes(name)) return say(401, { message: `who is ${name}?` });
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://here');
    try {
      const body = await answer(decodeURIComponent(pathname), searchParams.get('labelSelector') ?? '');
      return body === undefined ? say(404, { kind: 'Status', status: 'Failure', code: 404 }) : say(200, body);
    } catch (error) {
      return say(500, { kind: 'Status', status: 'Failure', code: 500, message: String(error) });
    }
  },
).listen(Number(PORT));
process.on('SIGTERM', () => process.exit(0));

async function answer(path: string, selector: string): Promise<unknown> {
  if (path === `/apis/${custom}`) return resources(custom, `pods/${METRIC}`, 'MetricValueList');
  if (path === `/apis/${resource}`) return resources(resource, 'pods', 'PodMetrics');
  const [, group, version, , namespace = '', ...rest] = path.slice(1).split('/');
  const wanted = `${group}/${version} ${rest.join('/')}`;
  if (wanted === `${custom} pods/*/${METRIC}`) {
    const items = await scraped(namespace, selector, (pod, metrics) => [measured(pod, sumOf(metrics, METRIC))]);
    return { kind: 'MetricValueList', apiVersion: custom, metadata: {}, items };
  }
  if (wanted === `${resource} pods`) {
    const items = await scraped(namespace, selector, usageOf);
    return { kind: 'PodMetricsList', apiVersion: resource, metadata: {}, items };
  }
  return undefined;
}

function resources(groupVersion: string, name: string, kind: string): unknown {
  const verbs = ['get', 'list'];
  const all = [{ name, singularName: '', namespaced: true, kind, verbs }];
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: all };
}

function measured({ metadata: { name, namespace } }: Pod, value: number): unknown {
  return {
    describedObject: { kind: 'Pod', namespace, name, apiVersion: 'v1' },
    metric: { name: METRIC, selector: null },
    timestamp: new Date().toISOString(),
    value: String(value),
  };
}

/** Between this look and one before; nothing at the first. */
function usageOf({ metadata: { name, namespace }, spec }: Pod, metrics: string): unknown[] {
  const now = { used: sumOf(metrics, 'process_cpu_seconds_total'), atMs: Date.now() };
  const before = samples.get(name);
  if (before === undefined || now.atMs - before.atMs >= windowMs) samples.set(name, now);
  const ms = now.atMs - (before?.atMs ?? now.atMs);
  if (before === undefined || ms < windowMs) return [];
  const usage = { cpu: `${Math.round(((now.used - before.used) / ms) * 1e6)}m`, memory: '0' };
  const containers = spec.containers.map((container) => ({ name: container.name, usage }));
  return [{ metadata: { name, namespace }, timestamp: new Date().toISOString(), window: `${ms}ms`, containers }];
}

/** Over all series of that name. */
function sumOf(metrics: string, name: string): number {
  const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** A pod that does not answer has no value: the autoscaler knows what that means. */
async function scraped(
  namespace: string,
  selector: string,
  read: (pod: Pod, metrics: string) => unknown[],
): Promise<unknown[]> {
  const query = new URLSearchParams({ labelSelector: selector });
  const { items } = await askApi<{ items: Pod[] }>(`/api/v1/namespaces/${namespace}/pods?${query}`);
  const living = items.filter(({ metadata, status }) => status.podIP && !metadata.deletionTimestamp);
  const all = living.map(async (pod) => {
    const url = `http://${pod.status.podIP}:${METRICS_PORT}/metrics`;
    const response = await fetch(url, { signal: AbortSignal.timeout(scrapeTimeoutMs) });
    return read(pod, await response.text());
  });
  return (await Promise.all(all.map((one) => one.catch(() => [])))).flat();
}

async function askApi<T>(path: string): Promise<T> {
  const [token, ca] = ['token', 'ca.crt'].map((name) => readFileSync(`${account}/${name}`, 'utf8'));
  const options = { ca, headers: { authorization: `Bearer ${token}` } };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`https://kubernetes.default.svc${path}`, options, resolve).on('error', reject);
  });
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${body}`);
  return JSON.parse(body) as T;
}
