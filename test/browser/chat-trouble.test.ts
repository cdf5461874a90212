import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { allSent, deviceOf, hasTexts, messageOf, openChat, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { type StandalonePage, startStandalonePage, type Tab } from './standalone-page.ts';

/** Processes that are killed and started again take their time on a busy machine. */
const restartsMs = 240_000;

const numbered = (what: string, count: number) => Array.from({ length: count }, (_, index) => `${what} ${index + 1}`);

describeWithServer('chromium', 'trouble in the chat', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('offline: what is written waits, says so, and is sent once and in order when the network is back', async () => {
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'alice' });
    const alice = await openChat(platform, 'alice', { conversation: id });
    await isConnected(alice);
    await write(alice, 'before');
    await allSent(alice);

    await alice.context().setOffline(true);
    const written = numbered('offline', 3);
    for (const text of written) await write(alice, text);
    await hasTexts(alice, ['before', ...written]);
    await alice.getByText('You are offline: 3 messages wait to be sent.').waitFor();
    expect((await bob.api.messages(id, { limit: 50 })).map(({ content }) => content)).not.toContain('offline 1');

    await alice.context().setOffline(false);
    await allSent(alice);
    await hasTexts(alice, ['before', ...written]);
    const stored = (await bob.api.messages(id, { limit: 50 })).filter(({ type }) => type === 0).reverse();
    expect(stored.map(({ content }) => content)).toEqual(['before', ...written]);
    expect(withoutNetworkErrors(alice)).toEqual([]);
  });

  it(
    'a server that is killed and comes back: each message once and in order, on both sides',
    async () => {
      const setUp = await deviceOf(platform, 'dave');
      const { id } = await setUp.api.createConversation({ kind: 'private', with: 'carol' });
      const carol = await openChat(platform, 'carol', { conversation: id });
      const dave = await openChat(platform, 'dave', { conversation: id });
      for (const tab of [carol, dave]) await isConnected(tab);
      const texts: string[] = [];
      for (const round of ['first', 'second']) {
        const [sent, kept] = [numbered(`${round} before`, 3), numbered(`${round} while away`, 3)];
        // The last of them are on their way when the server dies.
        for (const text of sent) await write(carol, text);
        await platform.service.kill();
        await dave.getByText('Connection lost').last().waitFor();
        await dave.getByText(/Reconnecting (in \d+ s|now)\./).waitFor();
        await carol.getByText('Connection lost').last().waitFor();
        for (const text of kept) await write(carol, text);
        await carol.getByText(/messages wait to be sent/).waitFor();
        if (round === 'second') await carol.reload({ waitUntil: 'commit' }).catch(() => undefined);
        await platform.service.restart();
        if (round === 'second') await carol.goto(`${platform.url}/#carol/chat/${id}`);
        texts.push(...sent, ...kept);
        for (const tab of [carol, dave]) {
          await isConnected(tab);
          await hasTexts(tab, texts);
        }
        await allSent(carol);
      }
      await dave.reload();
      await hasTexts(dave, texts);
      for (const tab of [carol, dave]) expect(withoutNetworkErrors(tab)).toEqual([]);
    },
    restartsMs,
  );

  it(
    'a refused message says why, and is sent by "Try again" or forgotten by "Discard"',
    async () => {
      const alice = await deviceOf(platform, 'alice');
      const { id } = await alice.api.createConversation({ kind: 'group', with: ['bob', 'carol'], name: 'Trio' });
      const bob = await openChat(platform, 'bob', { conversation: id });
      await isConnected(bob);
      await alice.say(id, 'one');
      await hasTexts(bob, ['one']);
      // Bob is removed by a server whose telling does not reach him.
      await bob.route('**/hubs/**', (route) => route.abort());
      await platform.service.kill();
      await bob.getByText('Connection lost').last().waitFor();
      for (const text of ['two', 'three']) await write(bob, text);
      await bob.route('**/api/chat/**', (route) => route.abort());
      await platform.service.restart();
      const again = await deviceOf(platform, 'alice');
      await again.api.removeParticipant(id, 'bob');
      await bob.route('**/api/chat/messages', (route) => route.continue());
      await bob.getByRole('button', { name: 'Try now' }).click();
      const refused = bob.getByRole('alert').filter({ hasText: 'Not sent: there is no such conversation.' });
      await refused.first().waitFor();
      await messageOf(bob, 'two').getByRole('button', { name: 'Try again' }).waitFor();
      await messageOf(bob, 'three').getByRole('button', { name: 'Discard' }).click();
      await hasTexts(bob, ['one', 'two']);

      await again.api.addParticipants(id, ['bob']);
      await messageOf(bob, 'two').getByRole('button', { name: 'Try again' }).click();
      await bob.unrouteAll();
      await messageOf(bob, 'two').locator('.delivery', { hasText: 'Sent' }).waitFor({ state: 'attached' });
      const stored = (await again.api.messages(id, { limit: 50 })).filter(({ type }) => type === 0).reverse();
      expect(stored.map(({ content }) => content)).toEqual(['one', 'two']);
      expect(withoutNetworkErrors(bob)).toEqual([]);
    },
    restartsMs,
  );

  it(
    'an edit that fails changes nothing and says so',
    async () => {
      const dave = await deviceOf(platform, 'dave');
      const { id } = await dave.api.createConversation({ kind: 'private', with: 'erin' });
      const erin = await openChat(platform, 'erin', { conversation: id });
      await isConnected(erin);
      await write(erin, 'as it was');
      await allSent(erin);
      await messageOf(erin, 'as it was').getByRole('button', { name: /^Edit/ }).click();
      await platform.service.kill();
      await erin.getByRole('textbox', { name: 'Edit the message' }).fill('as it will be');
      await erin.getByRole('button', { name: 'Save' }).click();
      await erin.getByRole('alert').filter({ hasText: 'Saving failed: the server cannot be reached' }).waitFor();
      await platform.service.restart();
      await erin.getByRole('button', { name: 'Save' }).click();
      await hasTexts(erin, ['as it will be']);
    },
    restartsMs,
  );
});

/** The browser itself writes of each connection that a dead server refuses, and of each answer that is an error. */
function withoutNetworkErrors(tab: Tab): string[] {
  return tab.complaints.filter((text) => !/^(Failed to load resource: |WebSocket connection to )/.test(text));
}
