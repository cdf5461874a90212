import type { WireContainer } from '../rendered/wire.ts';

/** Somebody whom a setting names. `inside`: by a name of the cluster. */
export type Host = { readonly host: string; readonly port: number; readonly inside: boolean; readonly tls: boolean };

const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Hosts of all URLs of an environment; a URL of MongoDB names several. */
export function hostsOf(env: NonNullable<WireContainer['env']>): Host[] {
  return (
    env
      // Pages that may call us are no hosts that we call.
      .filter(({ name }) => name !== 'CORS_ORIGINS')
      .flatMap(({ value = '' }) => {
        const [, scheme = '', hosts = ''] = /^([a-z][a-z0-9+]*):\/\/(?:[^@/]*@)?([^/?#$]+)/.exec(value) ?? [];
        const tls = ['https', 'amqps', 'rediss'].includes(scheme) || /[?&]tls=true/.test(value);
        return hosts
          .split(',')
          .filter((text) => text !== '')
          .map((text) => {
            const [host = '', port] = text.split(':');
            const inside = !host.includes('.') || /\.svc(\.|$)/.test(host);
            return { host, port: Number(port ?? defaultPorts[scheme]), inside, tls };
          });
      })
  );
}
