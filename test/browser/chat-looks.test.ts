import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { composer, deviceOf, messageOf, openChat, rowOf, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

const folder = resolve(import.meta.dirname, '../../test-output');
const sizes = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 760 } };

// Pictures for people to look at: each shows a state that the page must be able to reach.
describeWithServer('chromium', 'pictures of the chat', () => {
  let platform: StandalonePage;
  let group: string;
  let pair: string;
  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    platform = await startStandalonePage();
    const [alice, bob, carol] = [
      await deviceOf(platform, 'alice'),
      await deviceOf(platform, 'bob'),
      await deviceOf(platform, 'carol'),
    ];
    group = (await alice.api.createConversation({ kind: 'group', with: ['bob', 'carol'], name: 'Night train' })).id;
    await alice.say(group, 'Who brings the bread?');
    await bob.say(group, 'Me. Fourth attempt, and it is edible now.');
    await bob.say(group, 'Mostly.');
    await carol.say(group, 'https://cdn.example/chorus/take-seven-with-a-rather-long-name.mp3', 'file');
    const edited = await carol.say(group, 'New chorus, lisen to the end');
    await carol.api.edit(edited, 'New chorus, listen to the end');
    await alice.api.addParticipants(group, ['dave']);
    await alice.say(
      group,
      'Dave, you are responsible for the screws.\nAll of them, please: the four left over as well.',
    );
    pair = (await alice.api.createConversation({ kind: 'private', with: 'bob' })).id;
    await bob.say(pair, 'Are you swimming tomorrow?');
    const erin = await deviceOf(platform, 'erin');
    const long = await erin.api.createConversation({ kind: 'private', with: 'alice' });
    await erin.say(long.id, 'Saturn again tonight, if the clouds let us: bring something warm and a lot of patience.');
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it.each(['wide', 'narrow'] as const)('%s', { timeout: 180_000 }, async (size) => {
      const picture = (name: string) => join(folder, `chat-${name}-${size}-${colorScheme}.png`);
      const options = { colorScheme, viewport: sizes[size], reducedMotion: 'reduce' } as const;
      const bob = await openChat(platform, 'bob', { ...options, conversation: group });
      await messageOf(bob, 'responsible for the screws').waitFor();
      const alice = await openChat(platform, 'alice', options);
      await isConnected(alice);
      await rowOf(alice, 'Bob Brandt').locator('[data-presence=online]').waitFor();
      await alice.screenshot({ path: picture('list') });

      await rowOf(alice, 'Night train').click();
      await messageOf(alice, 'responsible for the screws').waitFor();
      await composer(bob).pressSequentially('O');
      await alice.locator('.typing', { hasText: 'Bob Brandt is typing…' }).waitFor();
      await alice.locator('.seen', { hasText: 'Bob Brandt' }).waitFor();
      await alice.screenshot({ path: picture('group') });
      await messageOf(alice, 'Who brings the bread?').getByRole('button', { name: /^Edit/ }).click();
      await alice.getByRole('textbox', { name: 'Edit the message' }).waitFor();
      await alice.screenshot({ path: picture('edit') });
      await alice.keyboard.press('Escape');
      await messageOf(alice, 'Who brings the bread?')
        .getByRole('button', { name: /^Delete/ })
        .click();
      await alice.screenshot({ path: picture('delete') });
      await alice.getByRole('button', { name: 'Keep' }).click();
      await alice.getByRole('button', { name: 'People and name' }).click();
      await alice.getByRole('list', { name: 'People in this group' }).waitFor();
      await alice.screenshot({ path: picture('people') });
      await alice.keyboard.press('Escape');

      await alice.route('**/api/chat/messages', (route) =>
        route.fulfill({
          status: 400,
          json: { error: 'content must not be blank', code: 'bad_request', correlationId: 'c' },
        }),
      );
      await write(alice, 'This one is refused');
      await alice.getByRole('alert').filter({ hasText: 'content must not be blank' }).waitFor();
      await alice.unroute('**/api/chat/messages');
      await alice.context().setOffline(true);
      await write(alice, 'And this one waits');
      await alice.getByText('1 message waits to be sent.', { exact: false }).waitFor();
      await alice.screenshot({ path: picture('offline') });
      await alice.context().setOffline(false);
      await isConnected(alice);
      await alice.getByRole('button', { name: 'Discard' }).click();
      await messageOf(alice, 'And this one waits').locator('.delivery', { hasText: 'Sent' }).waitFor();
      await messageOf(alice, 'And this one waits')
        .getByRole('button', { name: /^Delete/ })
        .click();
      await alice.getByRole('button', { name: 'Delete', exact: true }).click();

      await alice.goto(`${platform.url}/#alice/chat/new`);
      await alice.getByRole('button', { name: 'Carol Castillo' }).waitFor();
      await alice.screenshot({ path: picture('new-pair') });
      await alice.getByRole('radio', { name: 'Group' }).check();
      await alice.getByRole('checkbox', { name: 'Bob Brandt' }).check();
      const talker = await deviceOf(platform, 'bob');
      await talker.say(pair, 'Or shall we take the night train?');
      await alice.locator('.toast', { hasText: 'take the night train' }).waitFor();
      await alice.screenshot({ path: picture('new-group') });
      await alice.goto(`${platform.url}/#alice/chat/000000000000000000000000`);
      await alice.getByText('You are not in this conversation').waitFor();
      await alice.screenshot({ path: picture('gone') });

      const carol = await openChat(platform, 'carol', options);
      await carol.route('**/hubs/**', (route) => route.abort());
      await carol.goto(`${platform.url}/#carol/chat/${group}`);
      await carol.reload();
      await messageOf(carol, 'responsible for the screws').waitFor();
      await carol.getByText(/Reconnecting (in \d+ s|now)\./).waitFor();
      await carol.screenshot({ path: picture('trouble') });

      const dave = await openChat(platform, 'dave', options);
      await dave.route('**/api/chat/sync*', (route) =>
        route.fulfill({ status: 404, json: { error: 'no such route', code: 'not_found', correlationId: 'c' } }),
      );
      await dave.reload();
      await dave.getByRole('heading', { name: 'No chat here' }).waitFor();
      await dave.screenshot({ path: picture('missing') });
      await dave.getByRole('button', { name: /^Connected/ }).waitFor();
      for (const tab of [alice, bob, carol, dave]) await tab.context().close();
    });
  });
});
