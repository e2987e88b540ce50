using System.Security.Cryptography;
using PulseMeet.E2E.Groups;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>The packages as they are stored: made, read with their secrets, deleted with their names.</content>
internal sealed partial class PulseKeys
{
    private static TimeSpan Age(Work work, KeyPackageRecord record) => (work.Now - record.MadeAt).Duration();

    private static byte[] PackageOf(KeyPackageRecord record)
    {
        var messages = new List<byte[]>();
        foreach (byte[] state in record.Keys)
        {
            using KeyPackageKeys keys = KeyPackageKeys.Deserialize(state);
            messages.Add(keys.Message());
        }

        return PulsePackage.OfKeyPackages(messages);
    }

    private static async Task<List<(byte[] Key, KeyPackageRecord Record)>> ReadAllAsync(
        ClientCore core, Work work, CancellationToken cancellationToken)
    {
        var all = new List<(byte[], KeyPackageRecord)>();
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.KeyPackages, after, default, 100, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                byte[] key = item.Key.ToArray();
                after = key;
                CryptographicOperations.ZeroMemory(item.Value);
                if (await ReadAsync(work, key).ConfigureAwait(false) is { } record)
                {
                    all.Add((key, record));
                }
            }
        }

        return all;
    }

    private static async Task<KeyPackageRecord?> ReadAsync(Work work, byte[] key)
    {
        byte[]? bytes = await work.ReadSecretAsync(RecordKey.KeyPackages, key).ConfigureAwait(false);
        try
        {
            return bytes is null ? null : KeyPackageRecord.Decode(bytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    private static void Put(Work work, byte[] key, KeyPackageRecord record) => work.PutSecret(RecordKey.KeyPackages, key, record.Encode());

    private static void Delete(Work work, byte[] key, KeyPackageRecord record)
    {
        work.Delete(RecordKey.KeyPackages, key);
        foreach (byte[] state in record.Keys)
        {
            using KeyPackageKeys keys = KeyPackageKeys.Deserialize(state);
            work.Delete(RecordKey.KeyPackageNames, ReferenceOf(keys));
        }
    }

    private static byte[] ReferenceOf(KeyPackageKeys keys) => keys.KeyPackage.Reference(MlsSuite.Get(keys.KeyPackage.Suite));

    private async Task<(byte[] Key, byte[] Package, bool IsLastResort)> MakeAsync(Work work, bool isLastResort)
    {
        GroupDevice device = await work.GroupDeviceAsync().ConfigureAwait(false);
        var states = new List<byte[]>();
        var references = new List<byte[]>();
        foreach (MlsSuite suite in s_suites)
        {
            using KeyPackageKeys keys = device.CreateKeyPackage(suite, core.Time, isLastResort);
            states.Add(keys.Serialize());
            references.Add(ReferenceOf(keys));
            await GivingWay.OnceAsync().ConfigureAwait(false);
        }

        var record = new KeyPackageRecord(isLastResort, IsPublished: false, IsSuspect: false, work.Now, states);
        byte[] package = PackageOf(record);
        byte[] key = Sha256.Hash(package);
        Put(work, key, record);
        references.ForEach(reference => work.Put(RecordKey.KeyPackageNames, reference, key));
        states.ForEach(state => CryptographicOperations.ZeroMemory(state));
        return (key, package, isLastResort);
    }
}
