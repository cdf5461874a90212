import { type App, Chart } from 'cdk8s';
import { Bootstrap } from './bootstrap/bootstrap.ts';
import { PodMonitors } from './monitoring/pod-monitors.ts';
import { NetworkPolicies } from './network/policies.ts';
import type { PlatformProps } from './platform-props.ts';
import { Routes } from './routes/routes.ts';
import { Chat } from './services/chat.ts';
import { Gateway } from './services/gateway.ts';
import { Hub } from './services/hub.ts';
import { Notification } from './services/notification.ts';
import { ownStores } from './stores/external-store.ts';
import { Mongodb } from './stores/mongodb/mongodb.ts';
import { Rabbitmq } from './stores/rabbitmq/rabbitmq.ts';
import { RabbitmqTopology } from './stores/rabbitmq/rabbitmq-topology.ts';
import { Redis } from './stores/redis/redis.ts';

/** Everything but the namespace. */
export class PlatformChart extends Chart {
  constructor(app: App, platform: PlatformProps) {
    super(app, 'platform', { namespace: platform.namespace, disableResourceNameHashes: true });
    new NetworkPolicies(this, platform);
    new Bootstrap(this, platform);
    const own = ownStores(platform);
    if (own.includes('redis')) new Redis(this, platform);
    if (own.includes('rabbitmq')) new Rabbitmq(this, platform);
    else new RabbitmqTopology(this, platform);
    if (own.includes('mongodb')) new Mongodb(this, platform);
    new Gateway(this, platform);
    new Notification(this, platform);
    new Chat(this, platform);
    new Hub(this, platform);
    new Routes(this, platform);
    new PodMonitors(this, platform);
  }
}
