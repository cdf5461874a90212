import type { IssuedToken, TokenSource } from '../../client/index.ts';
import { RestError, readAnswer } from '../../client/index.ts';

export type Person = { readonly user: string; readonly name: string; readonly avatar: string };
export type DemoAction = 'Like' | 'Comment' | 'Reply';
export type DemoEvent = { readonly action: DemoAction; readonly to: string; readonly entityId: string };

/** undefined where demo mode is off: then the page takes a pasted token. @throws RestError, as all below */
export async function demoPeople(): Promise<readonly Person[] | undefined> {
  const response = await reach('/demo/people', {});
  if (response.status === 404) return undefined;
  const { people } = (await readAnswer(response)) as { people: readonly Person[] };
  return people;
}

export async function demoSignIn(user: string): Promise<IssuedToken> {
  return (await readAnswer(await reach('/demo/sign-in', post({ user })))) as IssuedToken;
}

/** Publishes as a .NET service would, in the name of whoever the token belongs to. */
export async function demoEvent(tokens: TokenSource, event: DemoEvent): Promise<void> {
  const token = await tokens.token();
  const first = await reach('/demo/events', post(event, token));
  await readAnswer(
    first.status === 401 ? await reach('/demo/events', post(event, await tokens.refused(token))) : first,
  );
}

function post(body: object, token?: string): RequestInit {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  return { method: 'POST', body: JSON.stringify(body), headers };
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch {
    throw new RestError('the server cannot be reached', 0);
  }
}
