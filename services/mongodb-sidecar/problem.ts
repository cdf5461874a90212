import { StartError } from '#shared/runtime/start-error.ts';

/** What stands in the way of a step, in words for a person; no secrets. The step is tried again. */
export class Problem extends StartError {
  override readonly name = 'Problem';
}
