import { ProtocolError } from './hub-error.ts';

/**
 * Checks one MessagePack value without building it: whole, nothing behind it, no deeper than `maxDepth`, and no array or
 * map that announces more items than there are bytes. The decoder allocates what a header announces, so this goes first.
 * @throws ProtocolError
 */
export function checkStructure(bytes: Uint8Array, maxDepth: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come at each open level. */
  const open = [1];
  let at = 0;
  while (open.length > 0) {
    const level = open.length - 1;
    const left = open[level] ?? 0;
    if (left === 0) {
      open.pop();
      continue;
    }
    open[level] = left - 1;
    if (at >= bytes.length) throw truncated();
    const { skip, items } = readHeader(view, at);
    at += skip;
    if (at > bytes.length || items > bytes.length - at) throw truncated();
    if (items < 0) continue;
    if (open.length > maxDepth) throw new ProtocolError('message is nested too deeply');
    open.push(items);
  }
  if (at !== bytes.length) throw new ProtocolError('message has bytes behind its value');
}

type Header = {
  /** Bytes of the header and of a scalar's content. */
  readonly skip: number;
  /** Values inside an array or map, −1 for a scalar. */
  readonly items: number;
};

const scalar = (skip: number): Header => ({ skip, items: -1 });

function readHeader(view: DataView, at: number): Header {
  const type = view.getUint8(at);
  if (type <= 0x7f || type >= 0xe0) return scalar(1);
  if (type <= 0x8f) return { skip: 1, items: (type & 0x0f) * 2 };
  if (type <= 0x9f) return { skip: 1, items: type & 0x0f };
  if (type <= 0xbf) return scalar(1 + (type & 0x1f));
  switch (type) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return scalar(1);
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return scalar(2 + length(view, at + 1, 1));
    case 0xc5:
    case 0xda:
      return scalar(3 + length(view, at + 1, 2));
    case 0xc6:
    case 0xdb:
      return scalar(5 + length(view, at + 1, 4));
    case 0xc7: // ext 8: length, type, content
      return scalar(3 + length(view, at + 1, 1));
    case 0xc8:
      return scalar(4 + length(view, at + 1, 2));
    case 0xc9:
      return scalar(6 + length(view, at + 1, 4));
    case 0xcc: // uint 8
    case 0xd0: // int 8
      return scalar(2);
    case 0xcd:
    case 0xd1:
      return scalar(3);
    case 0xca: // float 32
    case 0xce:
    case 0xd2:
      return scalar(5);
    case 0xcb: // float 64
    case 0xcf:
    case 0xd3:
      return scalar(9);
    case 0xd4: // fixext 1, 2, 4, 8, 16
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return scalar(2 + 2 ** (type - 0xd4));
    case 0xdc: // array 16
      return { skip: 3, items: length(view, at + 1, 2) };
    case 0xdd:
      return { skip: 5, items: length(view, at + 1, 4) };
    case 0xde: // map 16
      return { skip: 3, items: length(view, at + 1, 2) * 2 };
    case 0xdf:
      return { skip: 5, items: length(view, at + 1, 4) * 2 };
    default:
      throw new ProtocolError('message is not MessagePack');
  }
}

function length(view: DataView, at: number, size: 1 | 2 | 4): number {
  if (at + size > view.byteLength) throw truncated();
  if (size === 1) return view.getUint8(at);
  return size === 2 ? view.getUint16(at) : view.getUint32(at);
}

const truncated = () => new ProtocolError('message ends too early');
