import { describeBackplane } from './backplane.contract.ts';
import { createMemoryBackplane } from './memory-backplane.ts';

describeBackplane('memory', async () => {
  const backplane = createMemoryBackplane();
  return { here: backplane, there: backplane, close: () => backplane.close() };
});
