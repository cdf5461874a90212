import { type Browser, chromium } from 'playwright-core';
import { chromiumCommand } from './chromium-command.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** The machine's own Chromium, headless. `close()` ends it; `await using` does so too. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = chromiumCommand();
  if (executablePath === undefined) throw new Error('no chromium and no google-chrome on this machine');
  return chromium.launch({ executablePath, args: ARGS });
}
