import type { Socket } from 'socket.io';
import { Encoder, PacketType } from 'socket.io-parser';
import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { SocketIoClient } from './socket-io-client.ts';

describe('socket.io encoding', () => {
  it('is what the stock encoder writes', () => {
    const body = { text: 'é "quoted" \u2028', nested: [1, null, { a: true }] };
    const second = 'and "more"';
    const data = ['ReceiveNotification', body, second];
    const [stock] = new Encoder().encode({ type: PacketType.EVENT, nsp: '/', data });
    const principal = { user: 'alice' as UserId, tokenId: undefined, expiresAt: 0 };
    const { protocol } = new SocketIoClient({} as Socket, principal);
    const message = protocol.encode(
      'ReceiveNotification',
      [body, second].map((it) => Buffer.from(JSON.stringify(it))),
    );
    expect(message).toEqual({ payload: stock, bytes: Buffer.byteLength(String(stock)) });
  });
});
