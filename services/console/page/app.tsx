import { useCallback, useEffect, useLayoutEffect, useState } from 'react';
import { usePlace } from './address.ts';
import { demoPeople, type Person } from './demo-api.ts';
import { ErrorNote } from './error-note.tsx';
import { demoSession, type Session, storedToken, storeToken, tokenSession } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { Workspace } from './workspace.tsx';

type Boot =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'ready'; readonly people: readonly Person[] | undefined };

/** Demo people are in the address (`#bob`): a reload stays signed in, and a second tab can be somebody else. */
function sessionOf(user: string, people: readonly Person[] | undefined): Session | undefined {
  if (!people) return tokenSession(storedToken() ?? '');
  const person = people.find((candidate) => candidate.user === user);
  return person && demoSession(person);
}

export function App() {
  const [boot, setBoot] = useState<Boot>({ state: 'loading' });
  const [session, setSession] = useState<Session>();
  const [notice, setNotice] = useState<string>();
  const { user } = usePlace();

  const load = useCallback(() => {
    setBoot({ state: 'loading' });
    demoPeople().then(
      (people) => setBoot({ state: 'ready', people }),
      (error: unknown) => setBoot({ state: 'failed', error }),
    );
  }, []);

  useEffect(load, [load]);

  const ready = boot.state === 'ready';
  const people = ready ? boot.people : undefined;
  // Before anything is painted: no glimpse of the front door.
  useLayoutEffect(() => {
    if (!ready) return;
    // Whoever only walks about in the page stays signed in.
    setSession((before) => (before && (!people || before.person.user === user) ? before : sessionOf(user, people)));
  }, [ready, people, user]);

  useEffect(() => {
    if (!session) document.title = 'Sonixy Realtime';
  }, [session]);

  const signOut = useCallback((reason?: string) => {
    setNotice(reason);
    storeToken(undefined);
    location.hash = '';
    setSession(undefined);
  }, []);

  const signInByToken = (token: string): boolean => {
    const made = tokenSession(token);
    if (!made) return false;
    storeToken(token);
    setNotice(undefined);
    setSession(made);
    return true;
  };

  if (boot.state === 'loading') return <p className="boot">Loading…</p>;
  if (boot.state === 'failed') {
    return (
      <main className="boot">
        <ErrorNote error={boot.error} doing="Loading the page" retry={load} />
      </main>
    );
  }
  if (session) {
    return <Workspace key={session.person.user} session={session} people={people} signOut={signOut} />;
  }
  return <SignIn people={people} notice={notice} signInByToken={signInByToken} />;
}
