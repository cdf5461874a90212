import { RestError } from '../../client/index.ts';

type ErrorNoteProps = { error: unknown; doing: string; retry?: () => void };

/** What failed, in the server's own words, with the id that finds it in the server's log. */
export function ErrorNote({ error, doing, retry }: ErrorNoteProps) {
  const text = error instanceof Error ? error.message : String(error);
  const id = error instanceof RestError ? error.correlationId : undefined;
  return (
    <div className="error-note" role="alert">
      <p>
        <strong>{doing} failed:</strong> {text}
      </p>
      {id && (
        <p className="error-note-id">
          Correlation id <code>{id}</code>
        </p>
      )}
      {retry && (
        <button type="button" className="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
