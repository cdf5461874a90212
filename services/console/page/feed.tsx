import { useState } from 'react';
import type { TokenSource } from '../../client/index.ts';
import { type DemoEvent, demoEvent, type Person } from './demo-api.ts';
import { ErrorNote } from './error-note.tsx';
import { PostCard } from './post-card.tsx';
import { demoPosts } from './posts.ts';

type FeedProps = {
  me: Person;
  people: readonly Person[];
  tokens: TokenSource;
  failed: (error: unknown) => void;
};

export function Feed({ me, people, tokens, failed }: FeedProps) {
  const [error, setError] = useState<unknown>();
  const [said, setSaid] = useState('');
  const send = async (event: DemoEvent) => {
    try {
      await demoEvent(tokens, event);
      setError(undefined);
      setSaid(`${event.action} sent`);
      return true;
    } catch (failure) {
      setError(failure);
      failed(failure);
      return false;
    }
  };
  const others = people.filter(({ user }) => user !== me.user);
  return (
    <div className="feed">
      <div className="feed-head">
        <h1>Posts</h1>
        <p className="feed-tabs">
          Open a tab as{' '}
          {others.map(({ user, name }, index) => (
            <span key={user}>
              {index > 0 && ', '}
              <a href={`/#${encodeURIComponent(user)}`} target="_blank" rel="noopener">
                {name.split(' ')[0]}
              </a>
            </span>
          ))}
        </p>
      </div>
      <p className="hidden" role="status">
        {said}
      </p>
      {error !== undefined && <ErrorNote error={error} doing="Sending" />}
      {demoPosts.map((post) => (
        <PostCard key={post.id} post={post} me={me} people={people} send={send} />
      ))}
    </div>
  );
}
