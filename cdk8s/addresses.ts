/** Ports of the Services. */
export const ports = {
  gateway: 8100,
  notification: 8094,
  chat: 8095,
  hub: 8097,
  amqp: 5672,
  amqps: 5671,
  mongodb: 27017,
  redis: 6379,
} as const;

/** How our services reach each other within their namespace. */
export const serviceUrls = {
  notification: `http://notification:${ports.notification}`,
  chat: `http://chat:${ports.chat}`,
} as const;
