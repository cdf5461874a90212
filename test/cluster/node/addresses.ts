/** The cluster's network. It exists inside its namespace only: outside, these addresses are somebody else's. */
export const NODE_IP = '10.128.0.1';
export const POD_CIDR = '10.128.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/16';
export const API_IP = '10.96.0.1';
export const DNS_IP = '10.96.0.10';
export const CLUSTER_DOMAIN = 'cluster.local';
