import { isIP, isIPv6 } from 'node:net';

/** An IP address, as a pod is told its own, or a URL `http://host:port`. */
export function isWorkerAddress(text: string): boolean {
  return isIP(text) === 0 ? isWorkerUrl(text) : !text.includes('%');
}

export function isWorkerUrl(text: string): boolean {
  return /^http:\/\/[^/@?#]+\/?$/.test(text) && URL.canParse(text);
}

/** @param port where an IP address alone listens */
export function workerUrl(address: string, port: number): string {
  if (isIP(address) === 0) return address;
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`;
}
