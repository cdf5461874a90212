import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { allSent, composer, deviceOf, hasTexts, messageOf, openChat, rowOf, textsOf, write } from './chat-looked-at.ts';
import { hasBadge, isConnected } from './looked-at.ts';
import { openBeside, type StandalonePage, startStandalonePage, type Tab } from './standalone-page.ts';

const hasTitle = (tab: Tab, title: string) =>
  eventually(async () => ((await tab.title()) === title ? undefined : await tab.title()));

const tells = (tab: Tab, text: string) => tab.locator('.system', { hasText: text }).waitFor();

describeWithServer('chromium', 'two people in the chat', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('write, see each other type, read, edit and delete; a reload keeps everything', async () => {
    const alice = await openChat(platform, 'alice');
    const bob = await platform.open('bob');
    for (const tab of [alice, bob]) await isConnected(tab);
    await alice.getByText('No conversations yet.').waitFor();

    await alice.getByRole('link', { name: 'New' }).click();
    await alice.getByRole('button', { name: 'Bob Brandt' }).click();
    await alice.getByRole('heading', { name: 'Bob Brandt' }).waitFor();
    await write(alice, 'hello bob');
    await write(alice, 'are you there?');
    await hasTexts(alice, ['hello bob', 'are you there?']);
    await allSent(alice);
    await hasTitle(alice, 'Alice Aalto · Sonixy Realtime');

    // Bob is elsewhere in the page: a toast, a count, and nothing among his notifications.
    await bob.locator('.toast', { hasText: 'Alice Aalto: are you there?' }).waitFor();
    expect(await bob.locator('.toast').count()).toBe(1);
    await hasTitle(bob, '(2) Bob Brandt · Sonixy Realtime');
    await hasBadge(bob, '', 'all read');
    await bob.getByRole('link', { name: /^Chat\s*2 unread$/ }).click();
    await rowOf(bob, 'Alice Aalto').getByText('are you there?').waitFor();
    expect(await alice.locator('.seen').count()).toBe(0);
    await rowOf(bob, 'Alice Aalto').click();
    await hasTexts(bob, ['hello bob', 'are you there?']);
    await hasTitle(bob, 'Bob Brandt · Sonixy Realtime');
    await messageOf(alice, 'are you there?').getByText('Seen', { exact: true }).waitFor();
    for (const tab of [alice, bob]) await tab.locator('.conversation-sub', { hasText: 'Online' }).waitFor();

    await composer(bob).pressSequentially('ye');
    await alice.getByText('Bob Brandt is typing…').waitFor();
    await composer(bob).press('Shift+Enter');
    await composer(bob).pressSequentially('s');
    await composer(bob).press('Enter');
    await hasTexts(alice, ['hello bob', 'are you there?', 'ye\ns']);
    await eventually(async () => ((await alice.locator('.typing').innerText()) === '' ? undefined : 'still typing'));

    await messageOf(bob, 'ye').getByRole('button', { name: /^Edit/ }).click();
    await bob.getByRole('textbox', { name: 'Edit the message' }).fill('yes');
    await bob.getByRole('button', { name: 'Save' }).click();
    await hasTexts(alice, ['hello bob', 'are you there?', 'yes']);
    await messageOf(alice, 'yes').getByText('edited').waitFor();
    expect(await messageOf(alice, 'yes').getByRole('button').count()).toBe(0);

    await messageOf(alice, 'hello bob').getByRole('button', { name: 'Delete: hello bob' }).click();
    await alice.getByRole('button', { name: 'Keep' }).click();
    await messageOf(alice, 'hello bob').getByRole('button', { name: 'Delete: hello bob' }).click();
    await alice.getByRole('button', { name: 'Delete', exact: true }).click();
    for (const tab of [alice, bob]) {
      await hasTexts(tab, ['are you there?', 'yes']);
      // Its place stays, and nothing can be done with it.
      const places = await tab.locator('.message .bubble > p:first-child').allInnerTexts();
      expect(places).toEqual(['Message deleted', 'are you there?', 'yes']);
      const left = tab.locator('.message', { hasText: 'Message deleted' });
      expect(await left.getByRole('button').count()).toBe(0);
    }

    await composer(alice).fill('half a thou');
    for (const tab of [alice, bob]) {
      await tab.reload();
      await hasTexts(tab, ['are you there?', 'yes']);
    }
    expect(await composer(alice).inputValue()).toBe('half a thou');
    await messageOf(alice, 'are you there?').getByText('Seen', { exact: true }).waitFor();
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('never meet twice: the same pair has one conversation, and two tabs of one person stay in step', async () => {
    const carol = await deviceOf(platform, 'carol');
    const { id } = await carol.api.createConversation({ kind: 'private', with: 'dave' });
    await carol.say(id, 'first');
    const dave = await openChat(platform, 'dave');
    await dave.getByRole('link', { name: 'New' }).click();
    await dave.getByRole('button', { name: 'Carol Castillo' }).click();
    await hasTexts(dave, ['first']);
    expect(dave.url()).toContain(id);
    const beside = await openBeside(dave);
    await write(beside, 'second');
    for (const tab of [dave, beside]) await hasTexts(tab, ['first', 'second']);
    expect(await dave.locator('.conversation-row').count()).toBe(1);
    expect([...dave.complaints, ...beside.complaints]).toEqual([]);
  });

  it('is a group too: made with a name, renamed, people come and go as their role allows', async () => {
    const erin = await openChat(platform, 'erin');
    await isConnected(erin);
    await erin.getByRole('link', { name: 'New' }).click();
    await erin.getByRole('radio', { name: 'Group' }).check();
    expect(await erin.getByRole('button', { name: 'Start group' }).isDisabled()).toBe(true);
    await erin.getByRole('textbox', { name: 'Name of the group' }).fill('Saturn');
    for (const name of ['Bob Brandt', 'Carol Castillo']) await erin.getByRole('checkbox', { name }).check();
    await erin.getByRole('button', { name: 'Start group' }).click();
    await erin.getByRole('heading', { name: 'Saturn' }).waitFor();
    await tells(erin, 'You started the conversation');
    const bob = await openChat(platform, 'bob');
    await isConnected(bob);
    await rowOf(bob, 'Saturn').click();
    await tells(bob, 'Erin Eze started the conversation');
    await bob.getByText('3 people').waitFor();

    // A member sees who is there and may leave, no more.
    await bob.getByRole('button', { name: 'People and name' }).click();
    await bob.getByRole('list', { name: 'People in this group' }).waitFor();
    for (const name of [/^Remove/, /^Make/, 'Rename', 'Add']) {
      expect(await bob.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    await erin.getByRole('button', { name: 'People and name' }).click();
    await erin.getByRole('button', { name: 'Make Bob Brandt an admin' }).click();
    await tells(bob, 'Erin Eze made you an admin');
    await bob.getByRole('textbox', { name: 'Name of the group' }).fill('Saturn and rings');
    await bob.getByRole('button', { name: 'Rename' }).click();
    await erin.getByRole('heading', { name: 'Saturn and rings' }).waitFor();
    await bob.getByRole('checkbox', { name: 'Dave Dubois' }).check();
    await bob.getByRole('button', { name: 'Add', exact: true }).click();
    await tells(erin, 'Bob Brandt added Dave Dubois');
    expect(await bob.getByRole('button', { name: 'Remove Erin Eze' }).count()).toBe(0);

    const carol = await openChat(platform, 'carol');
    await rowOf(carol, 'Saturn and rings').click();
    await tells(carol, 'Bob Brandt added Dave Dubois');
    await bob.getByRole('button', { name: 'Remove Carol Castillo' }).click();
    await carol.getByText('You are not in this conversation').waitFor();
    expect(await composer(carol).count()).toBe(0);
    await eventually(async () => ((await rowOf(carol, 'Saturn').count()) === 0 ? undefined : 'still listed'));
    await tells(erin, 'Bob Brandt removed Carol Castillo');

    await bob.getByRole('button', { name: 'Leave the group' }).click();
    await bob.getByRole('button', { name: 'Leave', exact: true }).click();
    await eventually(async () => ((await rowOf(bob, 'Saturn').count()) === 0 ? undefined : 'still listed'));
    await tells(erin, 'Bob Brandt left the conversation');
    await erin.getByText('2 people').waitFor();
    expect(await textsOf(erin)).toEqual([]);
    expect([...erin.complaints, ...bob.complaints]).toEqual([]);
  });

  it('over socket.io as well', async () => {
    const alice = await openChat(platform, 'alice', { transport: 'socket-io' });
    await isConnected(alice, 'socket.io · WebSocket');
    const carol = await deviceOf(platform, 'carol');
    const { id } = await carol.api.createConversation({ kind: 'private', with: 'alice' });
    await carol.say(id, 'over the wire');
    await rowOf(alice, 'Carol Castillo').getByText('over the wire').waitFor();
    await rowOf(alice, 'Carol Castillo').click();
    await write(alice, 'and back');
    await hasTexts(alice, ['over the wire', 'and back']);
    await allSent(alice);
    expect(alice.complaints).toEqual([]);
  });
});
