/** A quorum queue like ours, which all socket workers share. */
export const peerQueue = 'bench-peer-messages';
export const peerQueueOptions = { durable: true, arguments: { 'x-queue-type': 'quorum' } } as const;
