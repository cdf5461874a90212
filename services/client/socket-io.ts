export { type SocketIoOptions, socketIoLive } from './live/socket-io-live.ts';
