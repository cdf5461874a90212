import type { MonitoringProps } from './monitoring/monitoring-props.ts';
import type { Resources } from './pod/resources.ts';
import type { UserIds } from './pod/security.ts';
import type { Spread } from './pod/spread.ts';
import type { RouteProps } from './routes/route-props.ts';

/** Names of our own images; stores come from their makers. */
export type OwnImage = 'gateway' | 'notification' | 'chat' | 'hub' | 'bootstrap' | 'mongodb-sidecar' | 'redis-sidecar';

export type ImageProps = {
  /** @default ghcr.io/sonixy */
  readonly registry?: string;
  /** Of our own images. */
  readonly tag: string;
  /** `sha256:…` by image: wins over the tag. @default none */
  readonly digests?: Readonly<Partial<Record<OwnImage, string>>>;
  /** @default IfNotPresent */
  readonly pullPolicy?: 'IfNotPresent' | 'Always';
  /** @default docker.io/library/rabbitmq:4.3-management, … */
  readonly rabbitmq?: string;
  readonly mongodb?: string;
  readonly redis?: string;
  /** Names of Secrets. @default none */
  readonly pullSecrets?: readonly string[];
};

export type FixedScale = { readonly replicas: number };
export type AutoScale = {
  readonly min: number;
  readonly max: number;
  /** Mean per pod: percent of the CPU request, for the hub connections. */
  readonly target: number;
};
export type Scale = FixedScale | AutoScale;

export type ServiceProps = {
  readonly scale: Scale;
  readonly resources: Resources;
};

/** Who signed a token: exactly one. */
export type TokenProps = {
  /** @default Sonixy.IdentityService */
  readonly issuer?: string;
  /** @default Sonixy.Client */
  readonly audience?: string;
} & (
  | { readonly jwksUrl: string; readonly hs256Secret?: never }
  /** A Secret of the namespace that somebody else makes. */
  | { readonly hs256Secret: { readonly name: string; readonly key: string }; readonly jwksUrl?: never }
);

/** A store that somebody else runs: hosted, or an operator's. */
export type ExternalStore = {
  /** As `amqps://mq.example.com/vhost`, `mongodb+srv://db.example.com/?authSource=admin`, `rediss://cache.example.com`: no user in it. */
  readonly url: string;
  /** A Secret of the namespace that you make: for each user of ours (`chat`, …) his password, under his name. */
  readonly passwords: string;
  /** Where the PEM is of who signed its certificate. @default a public authority did */
  readonly ca?: { readonly secret: string; readonly key: string };
};

export type External = { readonly external: ExternalStore };

export type StoreProps = {
  readonly external?: never;
  readonly replicas: 1 | 3;
  readonly resources: Resources;
  /** Of each claim, as `10Gi`. Can only grow later, and only where the storage class allows it. */
  readonly storage: string;
  /** @default the cluster's. Can not be changed later. */
  readonly storageClass?: string;
};

export type RedisProps = { readonly external?: never; readonly resources: Resources };

export type NetworkProps = {
  /** Labels of the namespaces whose pods may publish. @default sonixy.io/publisher: "true" */
  readonly publishers?: Readonly<Record<string, string>>;
  /** Publishers that speak no TLS use 5672. @default false */
  readonly plainPublishers?: boolean;
  /**
   * Addresses and networks of load balancers whose `X-Forwarded-For` is believed; without them all clients behind one
   * share its limits. @default none
   */
  readonly trustedProxies?: readonly string[];
  /** Labels of the namespace that Prometheus is in. @default nobody may scrape */
  readonly monitoring?: Readonly<Record<string, string>>;
};

/** Of stores, from the internal CA or cert-manager. */
export type CertificateProps = {
  /** When the internal CA looks what is due, in cron's form. @default 17 3 * * * */
  readonly schedule?: string;
  /** The internal CA never looks by itself: whoever wants it makes a Job of its CronJob, as tests do. @default false */
  readonly suspended?: boolean;
  /**
   * Life of a store's certificate; renewed at two thirds of it, so at least six times the longest pause of `schedule` and
   * `settleSeconds`. @default 90 days
   */
  readonly certificateSeconds?: number;
  /** Life of the CA, at least three times `certificateSeconds` and `trustSeconds` together. @default 5 years; 10 of cert-manager's */
  readonly authoritySeconds?: number;
  /** How long a new internal CA is trusted before it signs: publishers take their copy of it meanwhile. @default 120 days */
  readonly trustSeconds?: number;
  /** Within which a change of a Secret has reached every process. @default an hour */
  readonly settleSeconds?: number;
};

/** A platform that runs all its stores itself. */
export type PlatformOfOwnStores = PlatformProps & {
  readonly rabbitmq: StoreProps;
  readonly mongodb: StoreProps;
  readonly redis: RedisProps;
};

export type HubProps = ServiceProps & {
  /** Of one worker. @default 10,000 */
  readonly maxConnections?: number;
  /**
   * Over how long a worker that ends spreads the closes of its connections; a rollout takes the next one 10 s after that. The
   * others must bear so many new ones a second. @default 30
   */
  readonly drainSeconds?: number;
};

/** The whole platform. What can not be changed later says so. */
export type PlatformProps = {
  /** Can not be changed later: claims and Secrets stay where they are. */
  readonly namespace: string;
  readonly images: ImageProps;
  readonly tokens: TokenProps;
  /** Pages that may open sockets and call the API. @default none */
  readonly origins?: readonly string[];
  readonly gateway: ServiceProps;
  readonly notification: ServiceProps;
  readonly chat: ServiceProps;
  readonly hub: HubProps;
  readonly rabbitmq: StoreProps | External;
  readonly mongodb: StoreProps | External;
  readonly redis: RedisProps | External;
  /** @default soft */
  readonly spread?: Spread;
  /** @default fixed */
  readonly userIds?: UserIds;
  /** Who signs the certificates of the stores. `off` is for one's own machine. @default internal: a CA of the platform's own */
  readonly tls?: 'internal' | 'cert-manager' | 'off';
  readonly certificates?: CertificateProps;
  readonly network?: NetworkProps;
  /** Ways in from outside. @default none: the Services alone */
  readonly routes?: RouteProps;
  /** @default none; needs `network.monitoring` */
  readonly monitoring?: MonitoringProps;
  /** @default info */
  readonly logLevel?: 'debug' | 'info' | 'warn';
};
