/** A broker's virtual host as MassTransit writes it, without credentials: `rabbitmq://host`, `rabbitmq://host:5673/vhost`. */
export function hostAddress(amqpUrl: string): string {
  const { protocol, hostname, port, pathname } = new URL(amqpUrl);
  const defaultPort = protocol === 'amqps:' ? '5671' : '5672';
  const virtualHost = decodeURIComponent(pathname.slice(1));
  const authority = port && port !== defaultPort ? `${hostname}:${port}` : hostname;
  return virtualHost === '' || virtualHost === '/'
    ? `rabbitmq://${authority}`
    : `rabbitmq://${authority}/${encodeURIComponent(virtualHost)}`;
}

/** Of an exchange, or of the endpoint that reads the queue of that name. */
export function entityAddress(host: string, name: string): string {
  return `${host}/${name}`;
}
