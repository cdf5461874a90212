const prefixOf = (user: string) => `sonixy.draft.${encodeURIComponent(user)}.`;

/** What was written and not sent, as long as the tab lives. */
export function storedDraft(user: string, conversation: string): string {
  return sessionStorage.getItem(prefixOf(user) + conversation) ?? '';
}

export function storeDraft(user: string, conversation: string, text: string): void {
  if (text === '') sessionStorage.removeItem(prefixOf(user) + conversation);
  else sessionStorage.setItem(prefixOf(user) + conversation, text);
}

export function forgetDrafts(user: string): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(prefixOf(user))) sessionStorage.removeItem(key);
  }
}
