using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite.Tests.Disk;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Sqlite.Tests;

/// <summary>Alice on a file whose disk does what the test says, and Bob, around a relay in memory.</summary>
internal sealed class TwoPeople : IAsyncDisposable
{
    private readonly MasterKey _key = MasterKey.Generate();
    private readonly ManualClock _clock = new();
    private readonly InMemoryRelay _relay;
    private readonly SqliteDurability _durability;
    private readonly List<Folder> _folders = [];
    private readonly List<SqliteStore> _files = [];
    private readonly HashSet<long> _handedOver = [];

    private TwoPeople(SqliteDurability durability)
    {
        _durability = durability;
        _relay = new InMemoryRelay(_clock);
        Bob = Open("bob", new InMemoryStore());
        Alice = OpenAlice(NewFolder());
    }

    public E2EClient Alice { get; private set; }

    public E2EClient Bob { get; }

    /// <summary>The disk beneath Alice's file.</summary>
    public WatchedDisk Disk { get; } = new();

    public string Database => _folders[^1].Database;

    /// <summary>What Alice's app was told, each event once, and Bob's.</summary>
    public List<E2EEvent> Alices { get; } = [];

    public List<E2EEvent> Bobs { get; } = [];

    /// <summary>What Alice's app knows to be written.</summary>
    public List<string> Written { get; } = [];

    /// <summary>They know each other; something has gone both ways, and something of Bob's waits for Alice.</summary>
    public static async Task<TwoPeople> MeetAsync(SqliteDurability durability = SqliteDurability.Full)
    {
        var people = new TwoPeople(durability);
        WatchedVfs.Watch(people._folders[0].Path, people.Disk);
        (await people.Alice.SignUpAsync()).Dispose();
        (await people.Bob.SignUpAsync()).Dispose();
        await people.Alice.AcceptAsync("bob");
        await people.Bob.AcceptAsync("alice");
        await people.SayAsync("a0");
        await people.Bob.SendAsync("alice", MessageContent.Text("b0"));
        await people.SettleAsync(3);
        await people.Bob.SendAsync("alice", MessageContent.Text("b1"));
        await people.Bob.SynchronizeAsync();
        return people;
    }

    public async Task SayAsync(string text)
    {
        await Alice.SendAsync("bob", MessageContent.Text(text));
        Written.Add(text);
    }

    /// <summary>Alice writes, sends, receives and reads. The disk may end it at any step.</summary>
    /// <returns>Whether all of it was done.</returns>
    public async Task<bool> ActAsync()
    {
        try
        {
            await SayAsync("a1");
            await Alice.SynchronizeAsync();
            await ReadAsync(Alice, Alices);
            await SayAsync("a2");
            await Alice.SynchronizeAsync();
            return true;
        }
        catch (E2EException exception) when (exception.Reason == E2EError.StoreFailed)
        {
            return false;
        }
    }

    /// <summary>The power is gone: what was not synced is there or not, as the disk pleased, and Alice's device begins again.</summary>
    public async Task LosePowerAsync(Func<int, bool> keeps)
    {
        Disk.Refuse(0, int.MaxValue, WatchedDisk.Full);
        try
        {
            await Alice.DisposeAsync();
        }
        catch (E2EException)
        {
            // It is the power that is gone, and not the program.
        }

        IReadOnlyList<DiskStep> steps = Disk.Steps;
        Folder next = NewFolder();
        foreach ((string path, byte[] content) in WatchedDisk.After(steps, steps.Count, keeps))
        {
            await File.WriteAllBytesAsync(Path.Combine(next.Path, Path.GetFileName(path)), content);
        }

        Alice = OpenAlice(next);
    }

    public async Task CloseAsync()
    {
        await Alice.DisposeAsync();
        await _files[^1].DisposeAsync();
    }

    public void Reopen() => Alice = OpenAlice(_folders[^1]);

    /// <summary>Both go on, and everything comes to rest.</summary>
    public async Task GoOnAsync()
    {
        await SayAsync("a-last");
        await Bob.SendAsync("alice", MessageContent.Text("b-last"));
        await SettleAsync(4);
        _clock.Advance(TimeSpan.FromMinutes(3));
        await SettleAsync(3);
    }

    /// <summary>Time passes in which both come by now and then, until something is so; not for ever.</summary>
    public async Task PassUntilAsync(Func<bool> isSo)
    {
        for (int i = 0; i < 40 && !isSo(); i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(15));
            await SettleAsync(2);
        }
    }

    public static IEnumerable<string> Texts(IEnumerable<E2EEvent> events) =>
        events.OfType<MessageReceived>().Select(message => ((TextContent)message.Content).Value);

    /// <summary>Every message once, in order, and nothing was missing even for a while.</summary>
    public void AssertWhole(string where)
    {
        Assert.True(Texts(Alices).SequenceEqual(["b0", "b1", "b-last"]), $"{where}: {string.Join(' ', Texts(Alices))}");
        string[] arrived = [.. Texts(Bobs)];
        Assert.True(
            arrived.Distinct().Count() == arrived.Length && !Written.Except(arrived).Any() && !arrived.Except(Written.Concat(["a1", "a2"])).Any(),
            $"{where}: {string.Join(' ', arrived)}");
        Assert.True(
            !Alices.Concat(Bobs).Any(e => e is MessagesMissing or MessageUnreadable or SessionRepaired or StoreRolledBack),
            $"{where}: {string.Join(' ', Alices.Concat(Bobs).Select(e => e.GetType().Name))}");
    }

    public async ValueTask DisposeAsync()
    {
        Disk.Refuse(0, 0, WatchedDisk.Full);
        await Bob.DisposeAsync();
        await Alice.DisposeAsync();
        foreach (SqliteStore file in _files)
        {
            await file.DisposeAsync();
        }

        _folders.ForEach(folder => folder.Dispose());
        _key.Dispose();
    }

    private async Task SettleAsync(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            await Alice.SynchronizeAsync();
            await ReadAsync(Alice, Alices);
            await Bob.SynchronizeAsync();
            await ReadAsync(Bob, Bobs);
        }
    }

    /// <summary>An event that was not acknowledged comes again, under the same number.</summary>
    private async Task ReadAsync(E2EClient client, List<E2EEvent> events)
    {
        await foreach (E2EEvent next in client.ReadWaitingEventsAsync())
        {
            if (client == Bob || _handedOver.Add(next.Sequence))
            {
                events.Add(next);
            }
        }
    }

    private Folder NewFolder()
    {
        var folder = new Folder();
        _folders.Add(folder);
        return folder;
    }

    private E2EClient OpenAlice(Folder folder)
    {
        var file = new SqliteStore(
            folder.Database,
            new SqliteStoreOptions { Durability = _durability, Vfs = WatchedVfs.Name, MaxJournalAge = TimeSpan.FromHours(1), MaxJournalSize = 60_000 });
        _files.Add(file);
        return Open("alice", file);
    }

    private E2EClient Open(string user, IE2EStore store)
    {
        var options = new E2EClientOptions { Device = new(user, "phone"), SendsByItself = false };
        options.PreKeys.OneTimePairs = 4;
        return new E2EClient(store, _relay.Connect(options.Device), MasterKeys.Of(_key), options, _clock);
    }
}
