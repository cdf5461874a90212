import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { deviceOf, hasTexts, messageOf, openChat, rowOf, textsOf, write } from './chat-looked-at.ts';
import { isConnected } from './looked-at.ts';
import { type StandalonePage, startStandalonePage } from './standalone-page.ts';

const payloads = [
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '"><svg/onload=document.title=`owned`>',
  'javascript:document.title="owned"',
  '<a href="javascript:document.title=1">press</a>',
  '<iframe srcdoc="<script>top.document.title=1</script>"></iframe>',
  '{{constructor.constructor("document.title=1")()}}',
  '\u202etxt.exe & <b>bold</b>',
];

describeWithServer('chromium', 'what people write', () => {
  let platform: StandalonePage;
  beforeAll(async () => {
    platform = await startStandalonePage();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it('is text and nothing else, wherever it is shown', async () => {
    const bob = await deviceOf(platform, 'bob');
    const name = '<img src=x onerror="document.title=1">';
    const { id } = await bob.api.createConversation({ kind: 'group', with: ['alice'], name });
    for (const payload of payloads.slice(0, -1)) await bob.say(id, payload);
    const alice = await openChat(platform, 'alice', { conversation: id });
    await isConnected(alice);
    await hasTexts(alice, payloads.slice(0, -1));
    // A new one passes the live region, the list and, elsewhere, the toast.
    await bob.say(id, payloads.at(-1) ?? '');
    await hasTexts(alice, payloads);
    await alice.getByRole('heading', { name }).waitFor();
    await alice.goto(`${platform.url}/#alice/chat`);
    await alice.locator('.conversation-title', { hasText: name }).waitFor();
    await bob.say(id, payloads[0] ?? '');
    await alice.locator('.toast', { hasText: payloads[0] ?? '' }).waitFor();
    await bob.api.rename(id, `${name}!`);
    await rowOf(alice, `${name}!`).click();
    await write(alice, payloads[2] ?? '');
    await eventually(async () => ((await textsOf(alice)).length === payloads.length + 2 ? undefined : 'not all'));
    expect(await alice.locator('#page img, #page script, #page iframe, #page b, #page svg[onload]').count()).toBe(0);
    expect(await alice.locator('.message a').count()).toBe(0);
    expect(await alice.title()).toBe('Alice Aalto · Sonixy Realtime');
    expect(alice.complaints).toEqual([]);
  });

  it('links images and files to http and https addresses, and opens them apart from the page', async () => {
    const bob = await deviceOf(platform, 'bob');
    const { id } = await bob.api.createConversation({ kind: 'private', with: 'alice' });
    const url = 'https://cdn.example/a%20b.png?x=1&y=%3Cscript%3E';
    await bob.say(id, url, 'image');
    await bob.say(id, 'http://cdn.example/notes.pdf', 'file');
    await bob.say(id, 'https://cdn.example/only-text');
    await expect(bob.say(id, 'javascript:alert(1)', 'image')).rejects.toMatchObject({ status: 400 });
    await expect(bob.say(id, 'data:text/html,<script>1</script>', 'file')).rejects.toMatchObject({ status: 400 });
    // A server that let it through would not be believed either.
    const alice = await platform.open('alice');
    await alice.route('**/messages?limit=*', async (route) => {
      const answer = await route.fetch();
      const rows = (await answer.json()) as { content: string }[];
      const forged = rows.map((row) =>
        row.content.endsWith('notes.pdf') ? { ...row, content: 'javascript:document.title=1' } : row,
      );
      await route.fulfill({ response: answer, json: forged });
    });
    await alice.goto(`${platform.url}/#alice/chat/${id}`);
    const link = messageOf(alice, 'Image: ').getByRole('link');
    await link.waitFor();
    expect(await link.getAttribute('href')).toBe(url);
    expect(await link.getAttribute('target')).toBe('_blank');
    expect(await link.getAttribute('rel')).toContain('noopener');
    await messageOf(alice, 'javascript:document.title=1').waitFor();
    expect(await alice.locator('.message a').count()).toBe(1);
    await alice.unrouteAll();
    await alice.reload();
    await messageOf(alice, 'File: ').getByRole('link').waitFor();
    expect(await alice.locator('.message a').count()).toBe(2);
  });
});
