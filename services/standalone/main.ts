import { systemClock } from '#shared/runtime/clock.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { run } from '#shared/runtime/run.ts';
import { readStandaloneConfig } from './config.ts';
import { startStandalone } from './standalone.ts';

// Quiet by default: the one line that a person looks for is the address.
const env = { LOG_LEVEL: 'warn', ...process.env };

run(
  'standalone',
  async ({ log }) => {
    const standalone = await startStandalone(readConfig(env, readStandaloneConfig), systemClock, log);
    const hint = standalone.demo
      ? 'sign in as alice and, in another tab, as bob'
      : 'paste what `make token USER=alice` prints';
    process.stdout.write(`\n  Sonixy Realtime is ready: ${standalone.url}  (${hint})\n\n`);
    return standalone;
  },
  { env },
);
