import { Construct } from 'constructs';
import type { PlatformProps } from '../platform-props.ts';
import { HttpRoutes } from './http-routes.ts';
import { Ingresses } from './ingresses.ts';

/** Ways in from outside, where they are asked for. Without, there are the Services `gateway` and `hub`. */
export class Routes extends Construct {
  constructor(scope: Construct, { routes }: Pick<PlatformProps, 'routes'>) {
    super(scope, 'routes');
    if (routes === undefined) return;
    const { hosts, parents, ingress } = routes;
    if (!parents && !ingress)
      throw new Error('routes need parents (Gateway API) or an ingress, else nothing is routed');
    hosts.forEach(checkHost);
    if (parents) new HttpRoutes(this, { hosts, parents });
    if (ingress) new Ingresses(this, { hosts, ...ingress });
  }
}

/** As both APIs take it; a URL or a port is what people write by mistake. */
function checkHost(host: string): void {
  if (!/^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(host)) {
    throw new Error(`a host is a name in small letters without scheme and port, got ${host}`);
  }
}
