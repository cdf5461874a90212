import { type CSSProperties, useState } from 'react';
import { hueOf, initialsOf, safeImageUrl } from './avatar-parts.ts';

/** Decoration: the name stands beside it. */
export function Avatar({ user, name, url, size = 40 }: { user: string; name: string; url: string; size?: number }) {
  const [broken, setBroken] = useState(false);
  const source = safeImageUrl(url);
  const style = { '--avatar-hue': hueOf(user), '--avatar-size': `${size}px` } as CSSProperties;
  return (
    <span className="avatar" style={style} aria-hidden="true">
      {source && !broken ? (
        <img src={source} alt="" referrerPolicy="no-referrer" onError={() => setBroken(true)} />
      ) : (
        initialsOf(name)
      )}
    </span>
  );
}
