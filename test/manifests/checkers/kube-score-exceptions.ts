export type Exception = {
  /** kube-score's name of it. */
  readonly check: string;
  /** Matches `where` of a finding from its begin to its end. */
  readonly where: RegExp;
  /** @default any */
  readonly platforms?: readonly string[];
  readonly reason: string;
};

const throttled = 'a service that is throttled is slow for everybody: requests share the CPU fairly';
const oneRedis = 'one Redis: two would split the subscribers; while it is away gaps are repaired when it is back';

/** What kube-score says and is not followed, and why. One that nothing needs any more is an error. */
export const exceptions: readonly Exception[] = [
  { check: 'container-resources', where: /.*/, reason: throttled },
  { check: 'container-cpu-requests-equal-limits', where: /.*/, reason: throttled },
  { check: 'container-resource-requests-equal-limits', where: /.*/, reason: throttled },
  {
    check: 'container-ephemeral-storage-request-and-limit',
    where: /.*/,
    reason: 'roots are read-only and each folder that can be written has a limit of its own',
  },
  {
    check: 'container-image-pull-policy',
    where: /.*/,
    reason: 'tags are versions and never move; and a node that has the image needs no registry to restart',
  },
  {
    check: 'container-security-context-user-group-id',
    where: /(StatefulSet\/(rabbitmq|mongodb)|Deployment\/redis)\/.*/,
    reason: 'their makers gave the images the user 999, whom their files belong to',
  },
  {
    check: 'container-security-context-user-group-id',
    where: /.*/,
    platforms: ['openshift', 'assigned ids'],
    reason: 'the cluster gives the ids, and refuses pods that name others',
  },
  { check: 'deployment-replicas', where: /Deployment\/redis/, reason: oneRedis },
  { check: 'deployment-strategy', where: /Deployment\/redis/, reason: oneRedis },
  {
    check: 'deployment-replicas',
    where: /Deployment\/(gateway|notification|chat|hub)/,
    platforms: ['dev', 'tls in dev'],
    reason: 'one of each is what fits on the own machine',
  },
  {
    check: 'pod-probes',
    where: /StatefulSet\/rabbitmq/,
    reason: 'a node that waits for its peers is alive: its makers advise no liveness probe',
  },
  {
    check: 'pod-probes-identical',
    where: /Deployment\/redis|StatefulSet\/mongodb/,
    reason: 'who takes no connection does not serve, and who takes none for a minute is restarted: the counts differ',
  },
];
