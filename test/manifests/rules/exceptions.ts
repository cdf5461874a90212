export type Exception = {
  readonly rule: string;
  /** Matches `where` of a fault from its begin to its end. */
  readonly where: RegExp;
  /** @default any */
  readonly platform?: string;
  readonly reason: string;
};

const apiUser = 'asks the API server: it makes the Secrets that others mount';

/** What a rule does not hold for, and why. One that nothing needs any more is an error. */
export const exceptions: readonly Exception[] = [
  {
    rule: 'has-livenessProbe',
    where: /StatefulSet\/rabbitmq\/rabbitmq/,
    reason: 'a node that waits for its peers is alive: its makers advise none',
  },
  {
    rule: 'service-ports-lead-somewhere',
    where: /Service\/rabbitmq-nodes/,
    reason: 'epmd and the distribution are between nodes: their ports need no name in a container',
  },
  { rule: 'no-token', where: /Job\/bootstrap-[0-9a-f]{10}/, reason: apiUser },
  { rule: 'no-token', where: /CronJob\/certificates/, reason: apiUser },
  {
    rule: 'only-who-has-rights-has-a-token',
    where: /Job\/rabbitmq-topology-[0-9a-f]{10}/,
    reason: 'asks RabbitMQ alone; it is of the bootstrap account for the connections that the policies open to that',
  },
  {
    rule: 'rights-are-about-what-is-there',
    where: /Role\/bootstrap/,
    platform: 'stores of others',
    reason: 'looks for data of stores that may have been here before, and finds none',
  },
  {
    rule: 'reads-no-secret',
    where: /Role\/bootstrap/,
    reason: 'sees whether a Secret is there; those it may read are named',
  },
  {
    rule: 'reads-no-secret',
    where: /Role\/certificates/,
    reason: 'renews what it reads; those it may read are named',
  },
  {
    rule: 'instance-is-the-name',
    where: /Job\/(bootstrap|rabbitmq-topology)-[0-9a-f]{10}/,
    reason: 'a Job is immutable: its name carries the hash of its template',
  },
  {
    rule: 'autoscalers-start-with-three',
    where: /HorizontalPodAutoscaler\/.*/,
    platform: 'kind',
    reason: 'two of each are what a CI machine has room for',
  },
  {
    rule: 'pull-policy',
    where: /.*/,
    reason:
      'tags are versions and never move, digests can not; and a node that has the image needs no registry to restart',
  },
  {
    rule: 'cpu-limits',
    where: /.*/,
    reason: 'a service that is throttled is slow for everybody: requests share the CPU fairly',
  },
  {
    rule: 'has-a-priority',
    where: /.*/,
    reason: 'which classes there are is decided for the cluster, and one that is missing refuses every pod',
  },
];
