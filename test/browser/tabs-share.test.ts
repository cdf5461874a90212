import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { allSent, deviceOf, hasTexts, messageOf, openChat, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { openBeside, type StandalonePage, startStandalonePage } from './standalone-page.ts';

const transports = [
  ['signalr-websocket', 'SignalR · WebSocket'],
  ['socket-io', 'socket.io · WebSocket'],
] as const;

describeWithServer('chromium', 'tabs of one browser', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  async function connections(): Promise<number> {
    const text = await (await fetch(`${platform.opsUrl}/metrics`)).text();
    return [...text.matchAll(/^hub_connections\{[^}]*\} (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  const areConnections = (count: number) =>
    eventually(async () => {
      const open = await connections();
      return open === count ? undefined : `${open} connections instead of ${count}`;
    });

  it.each(transports)(
    'have one connection for each hub over %s, which is handed over without loss when its tab is closed',
    async (transport, name) => {
      await areConnections(0);
      const bob = await deviceOf(platform, 'bob');
      const { id } = await bob.api.createConversation({ kind: 'group', with: ['alice'], name });
      const first = await openChat(platform, 'alice', { conversation: id, transport });
      await isConnected(first, name);
      // socket.io has both hubs on one, where one tab leads for both.
      const alone = await connections();
      expect(alone).toBe(transport === 'socket-io' ? 1 : 2);
      const [second, third] = [await openBeside(first), await openBeside(first)];
      for (const tab of [second, third]) await isConnected(tab, name);
      expect(await connections()).toBe(alone);

      await bob.say(id, 'to all tabs');
      await write(second, 'from one that follows');
      for (const tab of [first, second, third]) await hasTexts(tab, ['to all tabs', 'from one that follows']);

      const said = ['to all tabs', 'from one that follows', 'while it ends', 'after it', 'and answered'];
      await Promise.all([first.close(), bob.say(id, 'while it ends')]);
      await bob.say(id, 'after it');
      await hasTexts(second, said.slice(0, 4));
      await write(third, 'and answered');
      for (const tab of [second, third]) {
        await isConnected(tab, name);
        await hasTexts(tab, said);
        expect(tab.complaints).toEqual([]);
      }
      await eventually(async () => ((await connections()) <= 2 ? undefined : `${await connections()} connections`));
      await second.context().close();
    },
  );

  it('with other transports have connections of their own', async () => {
    await areConnections(0);
    const first = await openChat(platform, 'alice');
    await isConnected(first);
    const second = await openBeside(first);
    await isConnected(second);
    await second.getByRole('button', { name: 'Connected' }).click();
    await second.getByRole('radio', { name: 'SignalR server-sent events' }).check();
    await isConnected(second, 'SignalR · server-sent events');
    await isConnected(first);
    await areConnections(4);
    await first.context().close();
  });

  it('send once what was written without a network and has outlived a reload', async () => {
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'carol' });
    const carol = await openChat(platform, 'carol', { conversation: id });
    await isConnected(carol);
    await write(carol, 'before');
    await allSent(carol);
    const context = carol.context();
    await context.setOffline(true);
    await write(carol, 'in a tunnel');
    await messageOf(carol, 'in a tunnel').and(carol.locator('[data-delivery="waiting"]')).waitFor();
    // The page can be loaded again, and nothing else.
    const [api, hubs] = ['**/api/**', '**/hubs/**'];
    for (const path of [api, hubs]) await context.route(path, (route) => route.abort());
    await context.setOffline(false);
    await carol.reload();
    await messageOf(carol, 'in a tunnel').and(carol.locator('[data-delivery="waiting"]')).waitFor();
    const beside = await openBeside(carol);
    await messageOf(beside, 'in a tunnel').waitFor();
    for (const path of [api, hubs]) await context.unroute(path);
    for (const tab of [carol, beside]) {
      await tab.bringToFront();
      await isConnected(tab);
      await hasTexts(tab, ['before', 'in a tunnel']);
      await allSent(tab);
    }
    const stored = (await bob.api.messages(id, { limit: 50 })).filter(({ type }) => type === 0);
    expect(stored.map(({ content }) => content)).toEqual(['in a tunnel', 'before']);
    await carol.reload();
    await hasTexts(carol, ['before', 'in a tunnel']);
    await context.close();
  });

  it('forget at sign-out what waits to be sent', async () => {
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'dave' });
    const dave = await openChat(platform, 'dave', { conversation: id });
    await isConnected(dave);
    await dave.context().setOffline(true);
    await write(dave, 'never mind');
    await messageOf(dave, 'never mind').and(dave.locator('[data-delivery="waiting"]')).waitFor();
    await dave.getByRole('button', { name: /^Sign out/ }).click();
    await dave.getByRole('heading', { name: 'Who are you today?' }).waitFor();
    await dave.context().setOffline(false);
    await dave.goto(`${platform.url}/#dave/chat/${id}`);
    await isConnected(dave);
    await write(dave, 'what I mean');
    await hasTexts(dave, ['what I mean']);
    await allSent(dave);
    expect((await bob.api.messages(id, { limit: 50 })).map(({ content }) => content)).not.toContain('never mind');
    await dave.context().close();
  });

  it('say so where the browser keeps nothing, and send all the same', async () => {
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'erin' });
    const erin = await platform.open();
    await erin.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined }));
    await erin.goto(`${platform.url}/?again#erin/chat/${id}`);
    await erin.getByText(/is lost when you close or reload this tab: this browser keeps nothing/).waitFor();
    await write(erin, 'all the same');
    await hasTexts(erin, ['all the same']);
    await allSent(erin);
    expect(erin.complaints).toEqual([]);
    await erin.context().close();
  });
});
