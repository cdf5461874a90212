import { clientMutations } from './client-mutations.ts';
import { fanOutMutations } from './fan-out-mutations.ts';
import { hubMutations } from './hub-mutations.ts';
import { membershipMutations } from './membership-mutations.ts';
import type { Mutation } from './mutation.ts';
import { orderMutations } from './order-mutations.ts';
import { outboxMutations } from './outbox-mutations.ts';

/** Every rule of decisions 1 to 10 that this code obeys, each switched off once. */
export const mutations: readonly Mutation[] = [
  ...orderMutations,
  ...outboxMutations,
  ...clientMutations,
  ...hubMutations,
  ...membershipMutations,
  ...fanOutMutations,
];
