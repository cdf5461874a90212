import { describe, expect, it } from 'vitest';
import { hashOf, parsePlace } from './address.ts';

describe('an address', () => {
  it.each([
    ['', { user: '', view: 'posts', conversation: undefined }],
    ['#bob', { user: 'bob', view: 'posts', conversation: undefined }],
    ['#bob/other', { user: 'bob', view: 'posts', conversation: undefined }],
    ['#bob/chat', { user: 'bob', view: 'chat', conversation: undefined }],
    ['#bob/chat/', { user: 'bob', view: 'chat', conversation: undefined }],
    ['#bob/chat/abc', { user: 'bob', view: 'chat', conversation: 'abc' }],
    ['#/chat/new', { user: '', view: 'chat', conversation: 'new' }],
    ['#%E0%A4%A/chat', { user: '%E0%A4%A', view: 'chat', conversation: undefined }],
  ] as const)('%j is a place', (hash, place) => {
    expect(parsePlace(hash)).toEqual(place);
  });

  it.each(['bob', 'a/b#c', 'zoë', ''])('brings %j back to where he was', (user) => {
    for (const conversation of [undefined, '0123456789abcdef01234567']) {
      const place = { user, view: 'chat', conversation } as const;
      expect(parsePlace(hashOf(place))).toEqual(place);
    }
    expect(parsePlace(hashOf({ user, view: 'posts', conversation: undefined })).user).toBe(user);
  });
});
