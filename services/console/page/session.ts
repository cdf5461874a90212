import { givenToken, renewingTokens, systemClock, type TokenSource } from '../../client/index.ts';
import { demoSignIn, type Person } from './demo-api.ts';

/** Who this tab is. A second tab may be somebody else. */
export type Session = { readonly person: Person; readonly demo: boolean; readonly tokens: TokenSource };

const key = 'sonixy.token';

export function demoSession(person: Person): Session {
  return { person, demo: true, tokens: renewingTokens(() => demoSignIn(person.user), systemClock) };
}

/** undefined when it is no token; whether the server takes it is another question. */
export function tokenSession(token: string): Session | undefined {
  const user = subjectOf(token);
  if (user === undefined) return undefined;
  return { person: { user, name: user, avatar: '' }, demo: false, tokens: givenToken(token) };
}

/** The pasted token lives as long as its tab. */
export function storedToken(): string | null {
  return sessionStorage.getItem(key);
}

export function storeToken(token: string | undefined): void {
  if (token === undefined) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, token);
}

const nameIdentifier = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';

function subjectOf(token: string): string | undefined {
  try {
    const payload = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const user = claims['sub'] ?? claims[nameIdentifier];
    return typeof user === 'string' && user !== '' ? user : undefined;
  } catch {
    return undefined;
  }
}
