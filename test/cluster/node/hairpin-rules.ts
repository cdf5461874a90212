/**
 * The text of an nftables table by which a pod reaches itself through its Service: such a connection must seem to come
 * from the node, or the pod would answer itself directly. kube-proxy does it for pods of the one node that it takes for
 * its own.
 */
export function hairpinRules(ips: readonly string[]): string {
  const itself = ips.map((ip) => `${ip} . ${ip}`).join(', ');
  const rule = ips.length === 0 ? '' : `    ct status dnat ip saddr . ip daddr { ${itself} } masquerade fully-random\n`;
  return `table ip hairpin {}
delete table ip hairpin
table ip hairpin {
  chain postrouting {
    type nat hook postrouting priority srcnat - 1; policy accept;
${rule}  }
}
`;
}
