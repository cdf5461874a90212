import type { PublicPart } from './public-paths.ts';

/** What an HTTPRoute attaches to; it must let routes of the platform's namespace in (`allowedRoutes`). */
export type GatewayParent = {
  /** Of a `Gateway`. */
  readonly name: string;
  /** @default the platform's own */
  readonly namespace?: string;
  /** One of its listeners. @default all that take the host */
  readonly sectionName?: string;
};

export type IngressProps = {
  /** Of an IngressClass. */
  readonly className: string;
  /** A Secret of type kubernetes.io/tls, which somebody else makes. @default none: TLS ends before the controller, or nowhere */
  readonly tlsSecret?: string;
  /** What the controller is told of each part, as time-outs. @default none */
  readonly annotations?: Readonly<Partial<Record<PublicPart, Readonly<Record<string, string>>>>>;
};

/** How the public reaches gateway and hub. Both ways at once is how one moves from one to the other. */
export type RouteProps = {
  /** Names that clients use, as `realtime.example.com` or `*.example.com`. */
  readonly hosts: readonly [string, ...string[]];
  /** Gateway API, v1. @default no HTTPRoutes */
  readonly parents?: readonly [GatewayParent, ...GatewayParent[]];
  /** @default no Ingresses */
  readonly ingress?: IngressProps;
};
