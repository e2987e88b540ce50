using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Sqlite;

/// <summary>What belongs to a lease: the lock, the connection that writes, and the word that it is lost.</summary>
internal sealed class Lease(LockFile file, Writer writer, long generation, long revision) : IDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private StoreLease? _given;

    public Writer Writer { get; } = writer;

    public long Generation { get; } = generation;

    /// <summary>When the journal got something that has to leave it, in <see cref="Environment.TickCount64"/>; 0 where it has nothing.</summary>
    public long DirtySince { get; set; }

    public StoreLease Given => _given ??= new StoreLease(Generation, revision, _lost.Token);

    /// <summary>Whoever listens is told last, when the store can be taken.</summary>
    public Task TellAsync() => _lost.CancelAsync();

    public void Dispose()
    {
        Writer.Dispose();
        file.Dispose();
    }
}
