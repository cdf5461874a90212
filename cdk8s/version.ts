import { readFileSync } from 'node:fs';

/** Of this checkout; also the tag of its images. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
