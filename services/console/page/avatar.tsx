import { type CSSProperties, useState } from 'react';
import { hueOf, initialsOf } from './avatar-parts.ts';
import { safeUrl } from './safe-url.ts';

/** Decoration: the name stands beside it. */
export function Avatar({ user, name, url, size = 40 }: { user: string; name: string; url: string; size?: number }) {
  const [broken, setBroken] = useState(false);
  const source = safeUrl(url);
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
