import { connect } from '../../../../services/client/connect.ts';
import { eventually } from '../../../eventually.ts';
import { runProgram, serviceUrl, setting, tokenOf } from './program.ts';

const patience = { timeoutMs: 120_000, everyMs: 500 };

// A message that is POSTed through the gateway's Service is displayed by an SDK client on the hub's. `SAY` is what is
// written; `SAID`, which may be empty, was written before and must be displayed too.
await runProgram(async () => {
  const [url, hubUrl] = [serviceUrl('gateway', 8100), serviceUrl('hub', 8097)];
  const bob = connect({ url, hubUrl, token: () => tokenOf('bob') });
  let id = '';
  await eventually(async () => {
    ({ id } = await bob.api.chat.createConversation({ kind: 'private', with: 'alice' }));
    return undefined;
  }, patience);
  const conversation = bob.chat.conversation(id);
  const close = conversation.open();
  const shown = () => conversation.state.messages.map(({ content }) => content);
  await eventually(() => {
    const { state, shown: said } = { state: bob.chat.state.connection.state, shown: shown() };
    if (!conversation.state.loaded || state !== 'connected') return `it is ${state}: ${conversation.state.fault}`;
    return setting('SAID') === '' || said.includes(setting('SAID')) ? undefined : 'what was said before is not there';
  }, patience);

  const content = setting('SAY');
  const response = await fetch(`${url}/api/chat/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf('alice')}` },
    body: JSON.stringify({ conversationId: id, content, type: 0, clientMessageId: crypto.randomUUID() }),
  });
  if (response.status !== 201) throw new Error(`the gateway answered ${response.status}: ${await response.text()}`);
  await eventually(() => (shown().includes(content) ? undefined : 'it is not displayed'), patience);
  if (shown().filter((text) => text === content).length !== 1) throw new Error('it is displayed more than once');
  close();
  bob.close();
  console.log('bob was shown what alice wrote');
});
