import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { allSent, composer, deviceOf, hasTexts, messageOf, openChat } from './chat-looked-at.ts';
import { focused, tabTo } from './keyboard.ts';
import { isConnected } from './looked-at.ts';
import { type StandalonePage, startStandalonePage, type Tab } from './standalone-page.ts';

const hasFocus = (tab: Tab, name: RegExp) =>
  eventually(async () => {
    const now = await focused(tab);
    return name.test(now) ? undefined : `the focus is on ${JSON.stringify(now)} instead of ${name}`;
  });

describeWithServer('chromium', 'the chat by keyboard alone', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('a person starts a conversation, writes, edits, deletes, and the focus is never lost', async () => {
    const alice = await platform.open('alice');
    await isConnected(alice);
    await tabTo(alice, /^Chat$/);
    await alice.keyboard.press('Enter');
    await alice.getByRole('heading', { name: 'Chat', exact: true }).waitFor();
    await tabTo(alice, /^New$/);
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^New conversation$/);
    await tabTo(alice, /^CC Carol Castillo$|^Carol Castillo$/);
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^Message to Carol Castillo$/);
    await alice.keyboard.type('first');
    await alice.keyboard.press('Shift+Enter');
    await alice.keyboard.type('line');
    await alice.keyboard.press('Enter');
    await alice.keyboard.type('second');
    await alice.keyboard.press('Enter');
    await hasTexts(alice, ['first\nline', 'second']);
    await hasFocus(alice, /^Message to Carol Castillo$/);
    await allSent(alice);

    await tabTo(alice, /^Edit: second$/, 'Shift+Tab');
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^Edit the message$/);
    await alice.keyboard.type(' thought');
    await alice.keyboard.press('Enter');
    await hasTexts(alice, ['first\nline', 'second thought']);
    await hasFocus(alice, /^Edit: second thought$/);
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^Edit the message$/);
    await alice.keyboard.type(' dropped');
    await alice.keyboard.press('Escape');
    await hasFocus(alice, /^Edit: second thought$/);
    await hasTexts(alice, ['first\nline', 'second thought']);
    await tabTo(alice, /^Delete: second thought$/);
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^Delete$/);
    await alice.keyboard.press('Escape');
    await hasFocus(alice, /^Delete: second thought$/);
    await alice.keyboard.press('Enter');
    await hasFocus(alice, /^Delete$/);
    await alice.keyboard.press('Enter');
    await hasTexts(alice, ['first\nline']);
    await hasFocus(alice, /^Message to Carol Castillo$/);
    expect(alice.complaints).toEqual([]);
  });

  it('on a phone the conversation and the list change places, and the focus goes with them', async () => {
    const dave = await deviceOf(platform, 'dave');
    const { id } = await dave.api.createConversation({ kind: 'group', with: ['bob', 'carol'], name: 'Screws' });
    await dave.say(id, 'four left over');
    const bob = await openChat(platform, 'bob', { viewport: { width: 375, height: 740 } });
    await isConnected(bob);
    await tabTo(bob, /Screws/);
    await bob.keyboard.press('Enter');
    await hasFocus(bob, /^Message to Screws$/);
    await messageOf(bob, 'four left over').waitFor();
    expect(await bob.getByRole('list', { name: /^Conversations/ }).count()).toBe(0);
    await tabTo(bob, /^People and name$/, 'Shift+Tab');
    await bob.keyboard.press('Enter');
    await hasFocus(bob, /^People$/);
    await bob.keyboard.press('Escape');
    await hasFocus(bob, /^People and name$/);
    await tabTo(bob, /^All conversations$/, 'Shift+Tab');
    await bob.keyboard.press('Enter');
    await hasFocus(bob, /Screws/);
    expect(await composer(bob).count()).toBe(0);
    await bob.goBack();
    await hasFocus(bob, /^Message to Screws$/);
    expect(bob.complaints).toEqual([]);
  });
});
