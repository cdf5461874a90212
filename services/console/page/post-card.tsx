import { useEffect, useState } from 'react';
import { Avatar } from './avatar.tsx';
import type { DemoEvent, Person } from './demo-api.ts';
import { Icon, type IconName } from './icon.tsx';
import type { DemoPost } from './posts.ts';

type PostCardProps = {
  post: DemoPost;
  me: Person;
  people: readonly Person[];
  /** false: it failed and that is shown already. */
  send: (event: DemoEvent) => Promise<boolean>;
};

export function PostCard({ post, me, people, send }: PostCardProps) {
  const [liked, setLiked] = useState(false);
  const nameOf = (user: string) => people.find((person) => person.user === user)?.name ?? user;
  const author = nameOf(post.author);
  const commenter = nameOf(post.comment.author);
  const mine = post.author === me.user;
  // As in Sonixy: only a new like is an event, taking it back is none.
  const like = async () => {
    if (liked) setLiked(false);
    else if (await send({ action: 'Like', to: post.author, entityId: post.id })) setLiked(true);
    return false;
  };
  return (
    <article className="card post" aria-labelledby={`${post.id}-author`}>
      <header className="post-head">
        <Avatar user={post.author} name={author} url="" />
        <div>
          <h2 id={`${post.id}-author`}>{mine ? `${author} (you)` : author}</h2>
          <p className="post-when">{post.when}</p>
        </div>
      </header>
      <p className="post-text">{post.text}</p>
      {mine ? (
        <p className="fine">Yours: others can like it and comment on it.</p>
      ) : (
        <div className="post-actions">
          <ActionButton
            icon="heart"
            text={liked ? 'Liked' : 'Like'}
            label={`Like the post of ${author}`}
            pressed={liked}
            act={like}
          />
          <ActionButton
            icon="comment"
            text="Comment"
            label={`Comment on the post of ${author}`}
            act={() => send({ action: 'Comment', to: post.author, entityId: post.id })}
          />
        </div>
      )}
      <div className="comment">
        <Avatar user={post.comment.author} name={commenter} url="" size={28} />
        <p>
          <strong>{commenter}</strong> {post.comment.text}
        </p>
        {post.comment.author !== me.user && (
          <ActionButton
            icon="reply"
            text="Reply"
            label={`Reply to the comment of ${commenter}`}
            act={() => send({ action: 'Reply', to: post.comment.author, entityId: post.id })}
          />
        )}
      </div>
    </article>
  );
}

type ActionButtonProps = {
  icon: IconName;
  text: string;
  label: string;
  pressed?: boolean;
  /** true: done, and it can be done again. */
  act: () => Promise<boolean>;
};

const doneMs = 1_600;

function ActionButton({ icon, text, label, pressed, act }: ActionButtonProps) {
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle');
  useEffect(() => {
    if (state !== 'done') return;
    const timer = setTimeout(() => setState('idle'), doneMs);
    return () => clearTimeout(timer);
  }, [state]);
  const press = async () => {
    if (state === 'busy') return;
    setState('busy');
    setState((await act()) ? 'done' : 'idle');
  };
  return (
    <button
      type="button"
      className="action"
      aria-label={label}
      aria-pressed={pressed}
      aria-busy={state === 'busy'}
      onClick={press}
    >
      <Icon name={state === 'done' ? 'check' : icon} />
      {state === 'done' ? 'Sent' : text}
    </button>
  );
}
