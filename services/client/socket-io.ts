export { socketIoLive } from './live/socket-io-live.ts';
