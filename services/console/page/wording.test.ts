import { describe, expect, it } from 'vitest';
import type { NotificationDto, NotificationGroup } from '#shared/contract/notification-dto.ts';
import { hueOf, initialsOf } from './avatar-parts.ts';
import { safeUrl } from './safe-url.ts';
import { ago, badgeOf, deedOf, peopleOf, unreadInWords } from './wording.ts';

describe('words', () => {
  it.each([
    ['Like', 'Post', 'liked your post'],
    ['Like', 'Comment', 'liked your comment'],
    ['Like', 'User', 'liked your profile'],
    ['Comment', 'Post', 'commented on your post'],
    ['Reply', 'Post', 'replied to your comment'],
    ['Follow', 'User', 'followed you'],
    ['Poke', 'Post', 'interacted with you'],
  ])('for %s on a %s', (action, entityType, text) => {
    expect(deedOf({ action, entityType } as NotificationDto)).toBe(text);
  });

  it.each([
    [0, ['Bob'], 'Bob'],
    [1, ['Bob', 'Carol'], 'Bob and Carol'],
    [12, ['Bob', 'Carol', 'Dave'], 'Bob and 12 others'],
  ])('for a group with %i others', (others, names, text) => {
    const actors = names.map((actorName) => ({ actorName }));
    expect(peopleOf({ actors, others, latest: { actorName: 'Bob' } } as unknown as NotificationGroup)).toBe(text);
  });

  it.each([
    [0, '', 'all read'],
    [1, '1', '1 unread'],
    [99, '99', '99 unread'],
    [100, '99+', '100 unread'],
    [1000, '99+', '1,000 or more unread'],
  ])('for %i unread', (unread, badge, words) => {
    expect(badgeOf(unread)).toBe(badge);
    expect(unreadInWords(unread)).toBe(words);
  });

  it.each([
    [-5_000, 'just now'],
    [59_000, 'just now'],
    [60_000, '1 min'],
    [3_599_000, '59 min'],
    [3_600_000, '1 h'],
    [86_400_000, '1 d'],
  ])('for %i ms ago', (ms, text) => {
    const now = Date.UTC(2026, 10, 25);
    expect(ago(new Date(now - ms).toISOString(), now)).toBe(text);
  });
});

describe('an avatar', () => {
  it.each([
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
    'blob:x',
    '//evil',
    '',
    'picture.png',
    'file:///etc/passwd',
  ])('is never %j', (url) => {
    expect(safeUrl(url)).toBeUndefined();
  });

  it.each(['https://cdn.example/a.png', 'http://cdn.example/a.png'])('may be %s', (url) => {
    expect(safeUrl(url)).toBe(url);
  });

  it.each([
    ['Bob Brandt', 'BB'],
    ['bob', 'B'],
    ['  Ana María  de la Cruz ', 'AC'],
    ['😀 x', '😀X'],
    ['', '?'],
  ])('has the initials of %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });

  it('keeps its colour', () => {
    expect(hueOf('alice')).toBe(hueOf('alice'));
    expect(hueOf('alice')).not.toBe(hueOf('bob'));
  });
});
