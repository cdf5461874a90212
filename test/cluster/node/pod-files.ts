import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PodSpec } from '../api/pod-spec.ts';
import { CLUSTER_DOMAIN, DNS_IP } from './addresses.ts';
import type { PodView } from './pod-fields.ts';

/** Writes what every container of a pod gets in /etc: hostname, hosts, resolv.conf. */
export function writeEtcFiles(folder: string, { object, hostname, ip = '' }: PodView): void {
  const { spec, metadata } = object;
  const namespace = metadata.namespace ?? '';
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'hostname'), `${hostname}\n`);
  const full = spec.subdomain ? `${hostname}.${spec.subdomain}.${namespace}.svc.${CLUSTER_DOMAIN} ` : '';
  const aliases = (spec.hostAliases ?? []).map((alias) => `${alias.ip} ${alias.hostnames.join(' ')}\n`);
  writeFileSync(
    join(folder, 'hosts'),
    `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${ip} ${full}${hostname}\n${aliases.join('')}`,
  );
  writeFileSync(join(folder, 'resolv.conf'), resolvConf(spec, namespace));
}

function resolvConf(
  { dnsPolicy = 'ClusterFirst', dnsConfig = {}, hostNetwork = false }: PodSpec,
  namespace: string,
): string {
  const { nameservers = [], searches = [], options = [] } = dnsConfig;
  const clusterFirst = dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && !hostNetwork);
  const domain = CLUSTER_DOMAIN;
  const ownSearches = clusterFirst ? [`${namespace}.svc.${domain}`, `svc.${domain}`, domain] : [];
  const allOptions = [
    ...(clusterFirst ? ['ndots:5'] : []),
    ...options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`)),
  ];
  const line = (word: string, list: string[]) => (list.length > 0 ? `${word} ${list.join(' ')}\n` : '');
  const servers = [...(clusterFirst ? [DNS_IP] : []), ...nameservers];
  return [
    ...servers.map((server) => line('nameserver', [server])),
    line('search', [...ownSearches, ...searches]),
    line('options', allOptions),
  ].join('');
}
