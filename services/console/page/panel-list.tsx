import type { ReactNode } from 'react';
import { ErrorNote } from './error-note.tsx';
import { Icon } from './icon.tsx';

type PanelListProps = {
  label: string;
  /** undefined: not known yet. */
  rows: readonly ReactNode[] | undefined;
  empty: string;
  hint?: string | undefined;
  error?: unknown;
  hasMore: boolean;
  loading?: boolean;
  more: () => void;
};

/** The states that every list of the panel has: loading, failed, empty, some, more. */
export function PanelList({ label, rows, empty, hint, error, hasMore, loading = false, more }: PanelListProps) {
  return (
    <>
      {error !== undefined && <ErrorNote error={error} doing="Reading notifications" />}
      {rows === undefined && error === undefined && (
        <p className="panel-empty" role="status">
          Loading…
        </p>
      )}
      {rows?.length === 0 && (
        <div className="panel-empty">
          <Icon name="bell" />
          <p>{empty}</p>
          {hint && <p className="fine">{hint}</p>}
        </div>
      )}
      {rows !== undefined && rows.length > 0 && (
        <ul className="rows" aria-label={label}>
          {rows}
        </ul>
      )}
      {hasMore && (
        <button type="button" className="button load-more" disabled={loading} onClick={more}>
          {loading ? 'Loading…' : 'Load more'}
        </button>
      )}
    </>
  );
}
