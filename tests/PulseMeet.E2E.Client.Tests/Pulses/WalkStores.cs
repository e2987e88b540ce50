using PulseMeet.E2E.Sqlite;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>Where the devices of a walk keep their records: in memory, or in SQLite files of a folder.</summary>
/// <remarks>Whoever copies a store or puts one back has ended its client before.</remarks>
internal sealed class WalkStores(bool inFiles) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pulsemeet-walk").FullName;
    private readonly Dictionary<Member, SqliteStore> _open = [];
    private int _copies;

    public IE2EStore Open(Member member)
    {
        if (!inFiles)
        {
            return member.Store;
        }

        return _open[member] = new SqliteStore(FileOf(member));
    }

    /// <summary>The process that had the file is gone.</summary>
    public async Task CloseAsync(Member member)
    {
        if (_open.Remove(member, out SqliteStore? store))
        {
            await store.DisposeAsync();
        }
    }

    /// <summary>A copy of a device's store.</summary>
    /// <returns>Puts it back.</returns>
    public Action Copy(Member member)
    {
        if (!inFiles)
        {
            InMemoryStore copy = member.Store.Copy();
            return () => member.Store = copy;
        }

        string kept = Path.Combine(_folder, $"copy-{_copies++}.db");
        CopyFiles(FileOf(member), kept);
        return () => CopyFiles(kept, FileOf(member));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Member member in _open.Keys.ToArray())
        {
            await CloseAsync(member);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string FileOf(Member member) => Path.Combine(_folder, $"{member.Address.UserId}-{member.Address.DeviceId}.db");

    /// <summary>The database with its journals; the lock file stays, as it does on a disk.</summary>
    private static void CopyFiles(string from, string to)
    {
        foreach (string suffix in new[] { string.Empty, "-wal", "-shm" })
        {
            File.Delete(to + suffix);
            if (File.Exists(from + suffix))
            {
                File.Copy(from + suffix, to + suffix);
            }
        }
    }
}
