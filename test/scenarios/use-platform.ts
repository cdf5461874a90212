import { afterAll, beforeAll } from 'vitest';
import { type Platform, type PlatformOptions, startPlatform } from './platform.ts';
import { type Publisher, publisherTo } from './publisher.ts';

/** One platform and one publisher for all tests of a describe; ready when its tests begin. */
export function usePlatform(options: () => PlatformOptions | Promise<PlatformOptions> = () => ({})): {
  readonly platform: Platform;
  readonly publisher: Publisher;
} {
  let platform: Platform;
  let publisher: Publisher;
  beforeAll(async () => {
    platform = await startPlatform(await options());
    publisher = await publisherTo(platform.rabbitmq.url);
  });
  afterAll(async () => {
    await publisher?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });
  return {
    get platform() {
      return platform;
    },
    get publisher() {
      return publisher;
    },
  };
}
