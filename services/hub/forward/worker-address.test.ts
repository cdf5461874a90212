import { describe, expect, it } from 'vitest';
import { isWorkerAddress, workerUrl } from './worker-address.ts';

describe('the address of a worker', () => {
  it.each([
    ['10.1.2.3', 'http://10.1.2.3:8097'],
    ['fd00::1:2', 'http://[fd00::1:2]:8097'],
    ['::ffff:10.1.2.3', 'http://[::ffff:10.1.2.3]:8097'],
    ['http://hub-1:9000', 'http://hub-1:9000'],
    ['http://[fd00::1]:9000', 'http://[fd00::1]:9000'],
  ])('%s is reached at %s', (address, url) => {
    expect(isWorkerAddress(address)).toBe(true);
    expect(workerUrl(address, 8097)).toBe(url);
    expect(URL.canParse(url)).toBe(true);
  });

  it.each([
    '10.1.2',
    'hub-1',
    'hub-1:8097',
    '[fd00::1]',
    'fe80::1%eth0',
    'https://hub-1',
    'http://user@hub-1',
    'http://hub-1/path',
    'http://hub-1?a',
    'http://fd00::1',
  ])('cannot be %s', (address) => {
    expect(isWorkerAddress(address)).toBe(false);
  });
});
