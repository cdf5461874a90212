export { type Backoff, backoffMs } from '../shared/runtime/backoff.ts';
