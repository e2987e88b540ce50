using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>This device's key packages: by them it is added to pulse chats while it is away.</summary>
/// <remarks>What is published together, one key package for each suite, is one package, used once as a whole, but for the last resort. Stored
/// before it is published, so that a Welcome always finds its keys. docs/protocol-groups.md, "Pulse chats in the client".</remarks>
internal sealed partial class PulseKeys(ClientCore core)
{
    /// <summary>How many packages the relay is to have, besides the last resort; made anew when half of them are gone.</summary>
    public const int Packages = 10;

    /// <summary>The age at which another last resort takes the place of the one that is there.</summary>
    public static readonly TimeSpan LastResortAge = TimeSpan.FromDays(7);

    /// <summary>Past the lifetime of a key package nobody adds by it any more; a Welcome may be on the way for as long again as a mailbox
    /// keeps it.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(90);

    /// <summary>The most that are stored, of those that are used once; beyond, the oldest go. A relay that always wants more fills no store.</summary>
    public const int MaxStored = 100;

    /// <summary>The most last resorts that are stored: one for every week of <see cref="MaxAge"/>, and some more.</summary>
    public const int MaxLastResorts = 16;

    private static readonly MlsSuite[] s_suites = [MlsSuite.XWingAes256, MlsSuite.X25519Aes128];

    /// <summary>Brings to the relay what it is missing, and deletes what is too old.</summary>
    /// <exception cref="E2EException">The relay cannot be reached, or refuses.</exception>
    public async Task PublishAsync(CancellationToken cancellationToken)
    {
        int left = (await core.Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false)).KeyPackages;
        var packages = new List<(byte[] Key, byte[] Package, bool IsLastResort)>();
        await core.ChangeAsync(
            [Gates.KeyPackages],
            async work =>
            {
                List<(byte[] Key, KeyPackageRecord Record)> stored = await ReadAllAsync(core, work, cancellationToken).ConfigureAwait(false);
                await ForgetOthersAsync(work, stored).ConfigureAwait(false);
                packages.AddRange(stored.Where(item => !item.Record.IsPublished).Select(item => (item.Key, PackageOf(item.Record), item.Record.IsLastResort)));
                bool hasLastResort = stored.Exists(item => item.Record is { IsLastResort: true, IsSuspect: false } && Age(work, item.Record) < LastResortAge);
                if (!hasLastResort)
                {
                    packages.Add(await MakeAsync(work, isLastResort: true).ConfigureAwait(false));
                }

                int unpublished = packages.Count(item => !item.IsLastResort);
                for (int i = left + unpublished; left < Packages / 2 && i < Packages; i++)
                {
                    packages.Add(await MakeAsync(work, isLastResort: false).ConfigureAwait(false));
                }

                DropMost(work, stored, isLastResort: true, MaxLastResorts - packages.Count(item => item.IsLastResort));
                DropMost(work, stored, isLastResort: false, MaxStored - packages.Count(item => !item.IsLastResort));
                stored.ForEach(item => item.Record.Zero());
            },
            cancellationToken).ConfigureAwait(false);
        if (packages.Count == 0)
        {
            return;
        }

        byte[] lastResort = packages.LastOrDefault(item => item.IsLastResort).Package ?? [];
        await core.Relay.PublishKeyPackagesAsync(
            [.. packages.Where(item => !item.IsLastResort).Select(item => (ReadOnlyMemory<byte>)item.Package)],
            lastResort,
            cancellationToken).ConfigureAwait(false);
        await core.ChangeAsync(
            [Gates.KeyPackages],
            async work =>
            {
                foreach ((byte[] key, _, _) in packages)
                {
                    if (await ReadAsync(work, key).ConfigureAwait(false) is { } record)
                    {
                        Put(work, key, record with { IsPublished = true });
                        record.Zero();
                    }
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The keys of a key package; null where they are used up or were never this device's. For whoever has the turn of the key
    /// packages; the caller disposes them.</summary>
    public static async Task<(byte[] Package, KeyPackageKeys Keys, bool IsSuspect)?> FindAsync(Work work, Welcome welcome)
    {
        MlsSuite suite = MlsSuite.Get(welcome.Suite);
        foreach (EncryptedGroupSecrets entry in welcome.Secrets)
        {
            if (entry.NewMember.Length is 0 or > StoreLimits.MaxKeySize
                || await work.ReadAsync(RecordKey.KeyPackageNames, entry.NewMember).ConfigureAwait(false) is not { } key
                || await ReadAsync(work, key).ConfigureAwait(false) is not { } record)
            {
                continue;
            }

            try
            {
                foreach (byte[] state in record.Keys)
                {
                    KeyPackageKeys keys = KeyPackageKeys.Deserialize(state);
                    if (keys.KeyPackage.Suite == suite.Id && PublicBytes.Equal(keys.KeyPackage.Reference(suite), entry.NewMember))
                    {
                        return (key, keys, record.IsSuspect);
                    }

                    keys.Dispose();
                }
            }
            finally
            {
                record.Zero();
            }
        }

        return null;
    }

    /// <summary>Deletes a package by which this device has come into a group, unless it is a last resort.</summary>
    public async Task UseUpAsync(Work work, byte[] key)
    {
        if (await ReadAsync(work, key).ConfigureAwait(false) is not { } record)
        {
            return;
        }

        if (!record.IsLastResort)
        {
            Delete(work, key, record);
            core.AreKeyPackagesWanted = true;
        }

        record.Zero();
    }

    /// <summary>The store was put back: a group that is joined by what is here may have been joined, and used, before.</summary>
    public static Task SuspectAsync(ClientCore core, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages],
        async work =>
        {
            foreach ((byte[] key, KeyPackageRecord record) in await ReadAllAsync(core, work, cancellationToken).ConfigureAwait(false))
            {
                Put(work, key, record with { IsSuspect = true });
                record.Zero();
            }
        },
        cancellationToken);

    /// <summary>Deletes what nobody can use any more.</summary>
    public Task DropOldAsync(CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages],
        async work =>
        {
            foreach ((byte[] key, KeyPackageRecord record) in await ReadAllAsync(core, work, cancellationToken).ConfigureAwait(false))
            {
                if (Age(work, record) >= MaxAge)
                {
                    Delete(work, key, record);
                }

                record.Zero();
            }
        },
        cancellationToken);

    /// <summary>Deletes the oldest above a bound.</summary>
    private static void DropMost(Work work, List<(byte[] Key, KeyPackageRecord Record)> stored, bool isLastResort, int max)
    {
        foreach ((byte[] key, KeyPackageRecord record) in stored
            .Where(item => item.Record.IsLastResort == isLastResort).OrderByDescending(item => item.Record.MadeAt).Skip(max))
        {
            Delete(work, key, record);
        }
    }

    /// <summary>Deletes those that name keys that are this device's no more.</summary>
    private static async Task ForgetOthersAsync(Work work, List<(byte[] Key, KeyPackageRecord Record)> stored)
    {
        GroupDevice device = await work.GroupDeviceAsync().ConfigureAwait(false);
        foreach ((byte[] key, KeyPackageRecord record) in stored.ToArray())
        {
            using KeyPackageKeys keys = KeyPackageKeys.Deserialize(record.Keys[0]);
            if (!PublicBytes.Equal(keys.SignatureKey.PublicKey, device.Client.SignatureKey.PublicKey))
            {
                Delete(work, key, record);
                record.Zero();
                stored.RemoveAll(item => ReferenceEquals(item.Key, key));
            }
        }
    }
}
