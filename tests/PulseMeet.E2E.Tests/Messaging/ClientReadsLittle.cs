using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a client asks of the disk, counted: what only has to be known to be there is not read.</summary>
public sealed class ClientReadsLittle
{
    [Fact]
    public async Task What_the_app_has_not_taken_yet_is_not_read_again_with_every_message_that_comes()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        ReadsOfRecords? reads = null;
        await bob.RestartAsync(inner => reads = new ReadsOfRecords(inner));
        await bob.Client.SynchronizeAsync();
        int few = await ReadsOfOneMoreAsync();
        for (int i = 0; i < 200; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await alice.Client.SynchronizeAsync();
        await bob.Client.SynchronizeAsync();
        int many = await ReadsOfOneMoreAsync();
        Assert.InRange(many, 0, few + 20);
        await bob.TakeEventsAsync();
        Assert.Equal(202, bob.Texts.Count());

        async Task<int> ReadsOfOneMoreAsync()
        {
            await alice.SayAsync("bob", "one more");
            await alice.Client.SynchronizeAsync();
            int before = reads!.Count;
            await bob.Client.SynchronizeAsync();
            return reads.Count - before;
        }
    }

    [Fact]
    public async Task Everything_is_looked_through_once_a_day_and_not_with_every_start_of_the_app()
    {
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        for (int i = 0; i < 100; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await world.SettleAsync();
        await alice.SayAsync("bob", "kept until it is delivered, or for a week");
        bob.IsActive = false;
        for (int i = 0; i < 100; i++)
        {
            await alice.SayAsync("bob", $"{i}");
        }

        await ReadsOfAStartAsync();
        Assert.InRange(await ReadsOfAStartAsync(), 0, 50);
        world.Clock.Advance(TimeSpan.FromDays(1));
        Assert.InRange(await ReadsOfAStartAsync(), 100, 1000);
        Assert.InRange(await ReadsOfAStartAsync(), 0, 50);

        async Task<int> ReadsOfAStartAsync()
        {
            ReadsOfRecords? reads = null;
            await alice.RestartAsync(inner => reads = new ReadsOfRecords(inner));
            await alice.Client.SynchronizeAsync();
            return reads!.Count;
        }
    }

    [Fact]
    public async Task The_welcomes_that_wait_are_not_read_again_with_every_message_of_a_chat_that_nobody_knows()
    {
        await using var world = new World();
        (PulseChat pulse, Member alice, Member bob, _) = await world.RooftopAsync();
        await alice.TellAsync(pulse.Id, "one");
        await alice.SyncAsync();
        byte[] message = world.Relay.GroupMessages.Single().Message.Content.ToArray();
        ReadsOfRecords? reads = null;
        await bob.RestartAsync(inner => reads = new ReadsOfRecords(inner));
        await bob.Client.PushAsync([.. Enumerable.Range(0, 40).Select(_ => Item(MailboxItemKind.Welcome, Guid.NewGuid().ToByteArray(), new byte[20_000]))]);
        int before = reads!.Count;
        await bob.Client.PushAsync([.. Enumerable.Range(0, 60).Select(i => Item(MailboxItemKind.GroupMessage, [(byte)i], message))]);
        Assert.InRange(reads.Count - before, 0, 600);

        MailboxItem Item(MailboxItemKind kind, byte[] name, byte[] content)
        {
            byte[] id = Sha256.Hash(name);
            content = [.. content];

            // RFC 9420, section 6.3: behind the version, the wire format and the length.
            id.CopyTo(content, 2 + 2 + 1);
            return new MailboxItem(0, kind, alice.Address, id, Guid.NewGuid().ToByteArray(), world.Clock.GetUtcNow(), content);
        }
    }

    private sealed class ReadsOfRecords(IE2EStore inner) : IE2EStore
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
            inner.AcquireAsync(owner, handover, cancellationToken);

        public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

        public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
        {
            if (table == StoreTables.Records)
            {
                Interlocked.Increment(ref _count);
            }

            return inner.ReadAsync(table, key, cancellationToken);
        }

        public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
            byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
            inner.ScanAsync(table, after, prefix, max, cancellationToken);

        public ValueTask CommitAsync(
            StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default) =>
            inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);

        public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
