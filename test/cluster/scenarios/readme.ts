import { readFileSync } from 'node:fs';

const blocks = { install: 0, uninstall: 1 } as const;

/** The commands of the README's section "On Kubernetes", as they stand there. */
export function readmeCommands(which: keyof typeof blocks): string {
  const text = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = /^## On Kubernetes$(.*?)^## /ms.exec(text)?.[1] ?? '';
  const found = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = '']) => commands);
  const commands = found[blocks[which]];
  if (commands === undefined) throw new Error(`the README has no block for ${which}`);
  return commands;
}

if (import.meta.main) process.stdout.write(readmeCommands('install'));
