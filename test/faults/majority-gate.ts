import type { Socket } from 'node:net';
import { startTcpGate, type TcpGate } from './tcp-gate.ts';

/** A command as it went to the server; whether it said that it wants the majority's word. */
export type SeenCommand = { readonly name: string; readonly majority: boolean };

/**
 * A way to a MongoDB server that can take the majority from it: the server does as it is told, and its answers to writes
 * say that the majority has not confirmed, as a primary's do that lost its followers.
 */
export interface MajorityGate extends TcpGate {
  readonly seen: readonly SeenCommand[];
  /**
   * `unseen`: reads find nothing either, as majority reads do not find what was never confirmed. For a store of nothing
   * but that.
   */
  block(how?: { readonly unseen: boolean }): void;
  unblock(): void;
}

const writes = new Set(['insert', 'update', 'delete', 'findAndModify']);
const wantsMajority = Buffer.from('\x02w\0\x09\0\0\0majority\0', 'latin1');
const readsMajority = Buffer.from('\x02level\0\x09\0\0\0majority\0', 'latin1');

export async function startMajorityGate(target: number): Promise<MajorityGate> {
  const seen: SeenCommand[] = [];
  let blocked: { readonly unseen: boolean } | undefined;

  const gate = await startTcpGate(target, (client, server) => {
    const doubted = new Set<number>();
    const unseen = new Set<number>();
    inMessages(client, (message) => {
      const command = commandOf(message);
      if (command) {
        seen.push(command);
        const id = message.readInt32LE(4);
        if (blocked && writes.has(command.name)) doubted.add(id);
        if (blocked?.unseen && command.name === 'find') unseen.add(id);
      }
      server.write(message);
    });
    inMessages(server, (message) => {
      const id = message.readInt32LE(8);
      if (unseen.delete(id)) client.write(withAnswer(message, foundNothing));
      else client.write(doubted.delete(id) ? withoutMajority(message) : message);
    });
  });
  return {
    ...gate,
    seen,
    block(how = { unseen: false }) {
      blocked = how;
    },
    unblock() {
      blocked = undefined;
    },
  };
}

/** Each begins with its own length. */
function inMessages(socket: Socket, take: (message: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

/** OP_MSG: a header of 16 bytes, 4 of flags, a section of kind 0 with the command, whose first key is its name. */
function commandOf(message: Buffer): SeenCommand | undefined {
  if (message.readInt32LE(12) !== 2013 || message[20] !== 0) return undefined;
  const name = message.toString('latin1', 26, message.indexOf(0, 26));
  return { name, majority: message.includes(writes.has(name) ? wantsMajority : readsMajority) };
}

/** The answer as it is, and what a primary adds to it. */
function withoutMajority(message: Buffer): Buffer {
  const reason = document([
    element(16, 'code', int32(64)),
    element(2, 'errmsg', text('waiting for replication timed out')),
  ]);
  const given = message.subarray(25, 20 + message.readInt32LE(21));
  return withAnswer(message, document([given, element(3, 'writeConcernError', reason)]));
}

function withAnswer(message: Buffer, answer: Buffer): Buffer {
  const changed = Buffer.concat([message.subarray(0, 21), answer]);
  changed.writeInt32LE(changed.length, 0);
  return changed;
}

function document(elements: readonly Buffer[]): Buffer {
  const inner = Buffer.concat(elements);
  return Buffer.concat([int32(inner.length + 5), inner, Buffer.alloc(1)]);
}

/** An element of BSON by the number of its type: 1 double, 2 text, 3 document, 4 list, 16 int32, 18 int64. */
function element(type: number, name: string, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);
}

function text(value: string): Buffer {
  return Buffer.concat([int32(value.length + 1), Buffer.from(`${value}\0`)]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const one = Buffer.alloc(8);
one.writeDoubleLE(1);
const foundNothing = document([
  element(
    3,
    'cursor',
    document([
      element(4, 'firstBatch', document([])),
      element(18, 'id', Buffer.alloc(8)),
      element(2, 'ns', text('a.b')),
    ]),
  ),
  element(1, 'ok', one),
]);
