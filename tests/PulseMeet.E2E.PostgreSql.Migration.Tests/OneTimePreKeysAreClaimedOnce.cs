using System.Collections.Concurrent;
using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PostgreSql.Migration.Tests.Support;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.PostgreSql.Migration.Tests;

[Collection(OnPostgres.Name)]
public sealed class OneTimePreKeysAreClaimedOnce(PostgresServer server)
{
    private static readonly OneTimePreKeyCount s_none = new(0, 0);

    [Fact]
    public async Task Forty_connections_claiming_at_once_never_get_the_same_prekey()
    {
        using TestDatabase database = await ExpandedAsync();
        var device = new Device(Guid.NewGuid(), 100);
        await Directory(database.Owner).PublishAsync(device.Publish());
        ConcurrentBag<uint> curve = [];
        ConcurrentBag<uint> kem = [];
        int lastResort = 0;
        await using var source = NpgsqlDataSource.Create(database.ConnectionString + ";Maximum Pool Size=40");
        await Parallel.ForEachAsync(Enumerable.Range(0, 120), new ParallelOptions { MaxDegreeOfParallelism = 40 }, async (_, cancel) =>
        {
            PreKeyBundle bundle = await Directory(source).ClaimBundleAsync(device.Address, cancel);
            bundle.Verify(TimeProvider.System.GetUtcNow());
            if (bundle.OneTimePreKey is { } oneTime) { curve.Add(oneTime.Id); }
            if (bundle.KemPreKey.IsLastResort) { Interlocked.Increment(ref lastResort); } else { kem.Add(bundle.KemPreKey.Id); }
        });

        Assert.Equal(curve.Count, curve.Distinct().Count());
        Assert.Equal(kem.Count, kem.Distinct().Count());
        OneTimePreKeyCount left = await Directory(source).CountOneTimePreKeysAsync(device.Address);
        Assert.Equal(100, curve.Count + left.Curve);
        Assert.Equal(100, kem.Count + left.PostQuantum);
        Assert.Equal(120, kem.Count + lastResort);

        // Publishing again after a lost answer hands none of them out twice.
        await Directory(source).PublishAsync(device.Publication!);
        Assert.Equal(left, await Directory(source).CountOneTimePreKeysAsync(device.Address));
    }

    [Fact]
    public async Task A_user_publishes_their_own_devices_only_and_everybody_reads_them()
    {
        using TestDatabase database = await ExpandedAsync();
        var device = new Device(Guid.NewGuid(), 2);
        Guid other = Guid.NewGuid();
        await Assert.ThrowsAsync<PostgresException>(() => Directory(database.As(other)).PublishAsync(device.Publish()));
        await Directory(database.As(device.User)).PublishAsync(device.Publication!);
        Assert.Equal(device.Publication!.Certificate, Assert.Single(await Directory(database.As(other)).FetchDevicesAsync(device.Address.UserId)));
        Assert.NotNull((await Directory(database.As(other)).ClaimBundleAsync(device.Address)).OneTimePreKey);
        Assert.Empty(TestDatabase.Rows(database.As(other), "select * from e2e_one_time_prekeys"));
        Assert.Empty(await Directory(database.As(other)).FetchDevicesAsync("nobody"));
        Assert.Equal(E2EError.UnknownDevice, (await Assert.ThrowsAsync<E2EException>(() =>
            Directory(database.As(other)).ClaimBundleAsync(new DeviceAddress("nobody", "phone")))).Reason);
    }

    [Fact]
    public async Task Another_account_key_and_too_many_prekeys_are_refused_whole()
    {
        using TestDatabase database = await ExpandedAsync();
        var device = new Device(Guid.NewGuid(), 2);
        await Directory(database.Owner).PublishAsync(device.Publish());
        var impostor = new Device(device.User, 2);
        Assert.Equal(E2EError.WrongIdentity, (await Assert.ThrowsAsync<E2EException>(() =>
            Directory(database.Owner).PublishAsync(impostor.Publish()))).Reason);
        Assert.Equal(new OneTimePreKeyCount(2, 2), await Directory(database.Owner).CountOneTimePreKeysAsync(device.Address));
    }

    [Fact]
    public async Task Attack_38_a_late_publication_never_replaces_a_newer_one()
    {
        using TestDatabase database = await ExpandedAsync();
        var clock = new MovableClock();
        var device = new Device(Guid.NewGuid(), 1, clock);
        PreKeyPublication old = device.Publish();
        clock.Now += TimeSpan.FromDays(1);
        var newer = DevicePreKeys.Create(device.Identity, new PreKeyOptions { OneTimePreKeys = 1 }, clock);
        var directory = new PostgresKeyDirectory(database.Owner, clock);
        PreKeyPublication current = newer.Publish(s_none);
        await directory.PublishAsync(current);
        await directory.PublishAsync(old);
        Assert.Equal(current.SignedPreKey.ToArray(), (await directory.ClaimBundleAsync(device.Address)).SignedPreKey.ToArray());
    }

    private static PostgresKeyDirectory Directory(NpgsqlDataSource source) => new(source, TimeProvider.System);

    private async Task<TestDatabase> ExpandedAsync()
    {
        TestDatabase database = server.NewDatabase();
        await Migrated.Schema(database).ExpandAsync();
        return database;
    }

    private sealed class MovableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = TimeProvider.System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => Now;
    }

    private sealed class Device
    {
        public Device(Guid user, int preKeys, TimeProvider? clock = null)
        {
            clock ??= TimeProvider.System;
            User = user;
            Identity = DeviceIdentity.Create(Ed25519KeyPair.Generate(), new DeviceAddress(user.ToString("D"), "phone"), clock);
            PreKeys = DevicePreKeys.Create(Identity, new PreKeyOptions { OneTimePreKeys = preKeys }, clock);
        }

        public Guid User { get; }

        public DeviceIdentity Identity { get; }

        public DevicePreKeys PreKeys { get; }

        public DeviceAddress Address => Identity.Address;

        public PreKeyPublication? Publication { get; private set; }

        public PreKeyPublication Publish() => Publication = PreKeys.Publish(s_none);
    }
}
