/** Where demo mode is off there are no demo posts: events come from the broker. */
export function RealServers({ user }: { user: string }) {
  return (
    <section className="card" aria-labelledby="real-servers">
      <h1 id="real-servers">Listening</h1>
      <p>
        This platform runs beside real servers. What .NET services publish for <strong>{user}</strong> shows up here at
        once. To publish one as MassTransit does:
      </p>
      <pre>
        <code>make like FROM=bob TO={user}</code>
      </pre>
    </section>
  );
}
