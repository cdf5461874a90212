export { type SignalRTransport, signalRLive } from './live/signalr-live.ts';
