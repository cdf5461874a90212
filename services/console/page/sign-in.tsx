import { type FormEvent, useState } from 'react';
import { Avatar } from './avatar.tsx';
import type { Person } from './demo-api.ts';
import { Icon } from './icon.tsx';
import { ThemeButton } from './theme.tsx';

type SignInProps = {
  people: readonly Person[] | undefined;
  notice: string | undefined;
  /** false: that is no token. */
  signInByToken: (token: string) => boolean;
};

export function SignIn({ people, notice, signInByToken }: SignInProps) {
  return (
    <div className="sign-in">
      <header className="sign-in-top">
        <span className="brand">
          <span className="brand-mark">
            <Icon name="wave" />
          </span>
          <span className="brand-name">Sonixy Realtime</span>
        </span>
        <ThemeButton />
      </header>
      <main className="sign-in-card">
        {notice && (
          <p className="note" role="status">
            You were signed out: {notice}.
          </p>
        )}
        {people ? <People people={people} /> : <TokenForm signInByToken={signInByToken} />}
      </main>
    </div>
  );
}

function People({ people }: { people: readonly Person[] }) {
  return (
    <>
      <h1>Who are you today?</h1>
      <p className="lead">
        Sign in here, open a second tab as somebody else, and like what the other wrote, or write to each other.
      </p>
      <ul className="people">
        {people.map((person) => (
          <li key={person.user}>
            <button
              type="button"
              className="person"
              onClick={() => {
                location.hash = encodeURIComponent(person.user);
              }}
            >
              <Avatar user={person.user} name={person.name} url={person.avatar} />
              <span className="person-text">
                <span className="person-name">{person.name}</span>
                <span className="person-user">{person.user}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p className="fine">
        Demo people exist on embedded parts only; their tokens are signed with a key made in your data folder.
      </p>
    </>
  );
}

function TokenForm({ signInByToken }: { signInByToken: SignInProps['signInByToken'] }) {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setWrong(!signInByToken(token.trim()));
  };
  return (
    <>
      <h1>Sign in with a token</h1>
      <p className="lead">
        Beside real servers there is no demo sign-in. <code>make token USER=alice</code> prints a token to paste here.
      </p>
      <form className="token-form" onSubmit={submit}>
        <label htmlFor="token">Access token</label>
        <textarea
          id="token"
          rows={5}
          spellCheck={false}
          autoComplete="off"
          value={token}
          onChange={(event) => setToken(event.target.value)}
          aria-invalid={wrong}
          aria-describedby={wrong ? 'token-wrong' : undefined}
        />
        {wrong && (
          <p id="token-wrong" className="field-error" role="alert">
            That is no token: three parts with dots between, with a user in it.
          </p>
        )}
        <button type="submit" className="button button-primary" disabled={token.trim() === ''}>
          Sign in
        </button>
      </form>
    </>
  );
}
