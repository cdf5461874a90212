import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { readGatewayConfig } from './config.ts';
import { defaultGatewayLimits } from './gateway-limits.ts';

const good = { NOTIFICATION_URL: 'http://notification:8094', JWT_HS256_SECRET: 's'.repeat(32) };

function faults(change: Record<string, string | undefined>): readonly string[] {
  try {
    readGatewayConfig({ ...good, ...change });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('gateway config', () => {
  it('needs the notification service and a key, and has a default for all else', () => {
    const config = readGatewayConfig(good);
    expect(config).toMatchObject({
      port: 8100,
      opsPort: 9100,
      services: { notification: good.NOTIFICATION_URL },
      redisUrl: undefined,
      trustedProxies: [],
      limits: defaultGatewayLimits,
    });
    expect(Object.keys(config.services)).toEqual(['notification']);
  });

  it('takes how many connections an address may have', () => {
    const { limits } = readGatewayConfig({ ...good, GATEWAY_MAX_CONNECTIONS_PER_ADDRESS: '7' });
    expect(limits.maxConnectionsPerAddress).toBe(7);
    expect(faults({ GATEWAY_MAX_CONNECTIONS_PER_ADDRESS: '0' })).toHaveLength(1);
  });

  it('routes the services that are named', () => {
    const { services } = readGatewayConfig({ ...good, CHAT_URL: 'http://chat:8095/', HUB_URL: 'https://hub:8097' });
    expect(services).toMatchObject({ chat: 'http://chat:8095/', hub: 'https://hub:8097' });
  });

  it('reports all faults at once', () => {
    const change = { NOTIFICATION_URL: undefined, HUB_URL: 'ws://hub', GATEWAY_READS_PER_MINUTE: '0', PORT: 'x' };
    expect(faults(change)).toHaveLength(4);
    expect(faults({})).toEqual([]);
  });

  it.each(['http://chat:8095/api', 'http://chat:8095/?x=1'])('refuses the path in %s', (url) => {
    expect(faults({ CHAT_URL: url })).toEqual(['CHAT_URL must name a host and a port only, without a path']);
  });
});
