using System.Security.Cryptography;
using PulseMeet.E2E.PostgreSql.Media;
using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.PostgreSql.Tests.Support;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Relay;

namespace PulseMeet.E2E.PostgreSql.Tests;

/// <summary>Media files lie in a folder; an upload grows at its end alone, and a file exists once it is whole.</summary>
[Collection(OnEmptyPostgres.Name)]
public sealed class MediaOnDisk(EmptyPostgres server) : IDisposable
{
    private readonly string _folder = System.IO.Directory.CreateTempSubdirectory("pulsemeet-media").FullName;

    [Fact]
    public async Task An_upload_that_broke_off_goes_on_through_another_relay_and_is_read_in_ranges()
    {
        await using EmptyDatabase database = server.NewDatabase();
        PostgreSqlMediaStore[] stores = [Store(database), Store(database)];
        byte[] content = RandomNumberGenerator.GetBytes(3_000_001);
        byte[] id = Users.Id();
        IMediaStore alice = stores[0].Connect("alice");
        Assert.Equal(0, await alice.BeginPutAsync(id, content.Length));
        Assert.Equal(1_000_000, await alice.PutAsync(id, 0, content.AsMemory(0, 1_000_000)));
        Assert.Null(await alice.GetLengthAsync(id));
        await Refused(E2EError.UnknownMedia, () => alice.GetAsync(id, 0, new byte[10]));

        // What a relay that died had written behind the durable end is no part of the file.
        string file = System.IO.Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Single();
        await File.AppendAllTextAsync(file, "rest of a part that nobody has answered for");

        alice = stores[1].Connect("alice");
        Assert.Equal(1_000_000, await alice.BeginPutAsync(id, content.Length));
        Assert.Equal(1_000_000, await alice.PutAsync(id, 999_999, content.AsMemory(999_999, 10)));
        Assert.Equal(content.Length, await alice.PutAsync(id, 1_000_000, content.AsMemory(1_000_000)));
        Assert.Equal(content.Length, await alice.PutAsync(id, 0, new byte[10]));
        Assert.Equal(content.Length, await stores[0].Connect("bob").GetLengthAsync(id));
        byte[] read = new byte[content.Length + 10];
        Assert.Equal(content.Length, await stores[0].Connect("bob").GetAsync(id, 0, read));
        Assert.Equal(content, read[..content.Length]);
        Assert.Equal(1, await stores[0].Connect("bob").GetAsync(id, content.Length - 1, read));
        Assert.Equal(0, await stores[0].Connect("bob").GetAsync(id, content.Length, read));
    }

    [Fact]
    public async Task Two_relays_that_append_the_same_part_at_once_append_it_once()
    {
        await using EmptyDatabase database = server.NewDatabase();
        PostgreSqlMediaStore[] stores = [Store(database), Store(database)];
        byte[] content = RandomNumberGenerator.GetBytes(400_000);
        byte[] id = Users.Id();
        await stores[0].Connect("alice").BeginPutAsync(id, content.Length);
        for (int offset = 0; offset < content.Length; offset += 20_000)
        {
            await Task.WhenAll(stores.Select(store => store.Connect("alice").PutAsync(id, offset, content.AsMemory(offset, 20_000))));
        }

        byte[] read = new byte[content.Length];
        await stores[0].Connect("bob").GetAsync(id, 0, read);
        Assert.Equal(content, read);
    }

    [Fact]
    public async Task The_quota_and_the_length_hold_and_nobody_touches_anothers_upload()
    {
        await using EmptyDatabase database = server.NewDatabase();
        PostgreSqlMediaStore store = Store(database, quota: 1000);
        IMediaStore alice = store.Connect("alice");
        byte[] id = Users.Id();
        await alice.BeginPutAsync(id, 600);
        await Refused(E2EError.LimitExceeded, () => alice.BeginPutAsync(Users.Id(), 401));
        await Refused(E2EError.ContentChanged, () => alice.BeginPutAsync(id, 601));
        await Refused(E2EError.LimitExceeded, () => alice.PutAsync(id, 0, new byte[601]));
        await Refused(E2EError.UnknownMedia, () => alice.PutAsync(Users.Id(), 0, new byte[1]));
        await Refused(E2EError.NotAllowed, () => store.Connect("bob").BeginPutAsync(id, 600));
        await Refused(E2EError.NotAllowed, () => store.Connect("bob").PutAsync(id, 0, new byte[1]));
        await Refused(E2EError.NotAllowed, () => store.Connect("bob").DeleteAsync(id).ContinueWith(task => { task.GetAwaiter().GetResult(); return 0; }, TaskScheduler.Default));
        await alice.DeleteAsync(id);
        await alice.DeleteAsync(id);
        Assert.Equal(0, await alice.BeginPutAsync(Users.Id(), 1000));
    }

    [Fact]
    public async Task Deleting_and_cleaning_up_leave_no_file_behind()
    {
        await using EmptyDatabase database = server.NewDatabase();
        var clock = new Testing.ManualClock();
        PostgreSqlMediaStore store = Store(database, clock: clock);
        IMediaStore alice = store.Connect("alice");
        (byte[] whole, byte[] unfinished, byte[] kept) = (Users.Id(), Users.Id(), Users.Id());
        foreach (byte[] id in (byte[][])[whole, unfinished, kept])
        {
            await alice.BeginPutAsync(id, 20);
            await alice.PutAsync(id, 0, new byte[id == unfinished ? 10 : 20]);
        }

        await alice.DeleteAsync(whole);
        clock.Advance(RelayLimits.MaxEnvelopeAge);
        await Refused(E2EError.UnknownMedia, () => alice.PutAsync(unfinished, 10, new byte[10]));
        await store.CleanUpAsync();
        Assert.Single(System.IO.Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
        Assert.Equal(20, await alice.GetLengthAsync(kept));
        Assert.Equal(0L, database.Scalar<long>("select count(*) from pulsemeet_e2e_relay.media_waste"));
    }

    public void Dispose() => System.IO.Directory.Delete(_folder, recursive: true);

    private static async Task Refused<T>(E2EError reason, Func<Task<T>> call) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<E2EException>(call)).Reason);

    private PostgreSqlMediaStore Store(EmptyDatabase database, long quota = 1L << 30, TimeProvider? clock = null) =>
        new(database.NewRelay(clock), new PostgreSqlMediaOptions { Directory = _folder, UserQuota = quota });
}
