using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Device lists, prekeys and key packages, within one transaction. docs/protocol-relay.md, "Directory".</summary>
internal static class Directory
{
    /// <summary>The devices that were left out: who waits there has to hear of it.</summary>
    public static List<long> PublishList(RelayTransaction file, DeviceAddress caller, DeviceList list, ReadOnlyMemory<byte> encoded)
    {
        long account = Mailboxes.Account(file, caller.UserId);
        if (Same(List(file, caller.UserId), encoded))
        {
            return [];
        }

        if (file.Number("select list_number from account where id = $1", account) >= list.Number)
        {
            throw new E2EException(E2EError.OutdatedDeviceList);
        }

        byte[] accountKey = list.AccountKey.ToArray();
        if (!Same(file.Bytes("select account_key from account where id = $1", account), accountKey) && list.Find(caller.DeviceId) is null)
        {
            throw new E2EException(E2EError.NotAllowed, "A list that begins an account, and the caller is not on it.");
        }

        List<long> leftOut = [];
        foreach ((long device, string id, byte[]? identity) in file.Query(
            "select id, device_id, identity from device where account = $1 and is_listed",
            row => (row.GetInt64(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2)),
            account))
        {
            if (list.Find(id) is not { } listed)
            {
                Forget(file, device);
                leftOut.Add(device);
            }
            else if (!Same(identity, listed.Identity.ToArray()))
            {
                // Back with other keys: it begins anew, but for its mailbox.
                ForgetPublication(file, device);
                file.Run("update device set highest_revision = 0 where id = $1", device);
            }
        }

        foreach (DeviceCertificate device in list.Devices)
        {
            file.Run(
                """
                insert into device (account, device_id, is_listed, identity) values ($1, $2, 1, $3)
                  on conflict (account, device_id) do update set is_listed = 1, identity = excluded.identity
                """,
                account,
                device.Address.DeviceId,
                device.Identity.ToArray());
        }

        file.Run(
            "update account set account_key = $2, list_number = $3, device_list = $4 where id = $1", account, accountKey, list.Number, encoded);
        return leftOut;
    }

    public static byte[]? List(RelayTransaction file, string userId) =>
        file.Bytes("select device_list from account where user_id = $1", userId);

    public static int PublishPreKeys(RelayTransaction file, DeviceAddress caller, VerifiedPublication published)
    {
        long device = Mailboxes.Listed(file, caller).Device;
        if (!Same(file.Bytes("select identity from device where id = $1", device), published.Identity))
        {
            throw new E2EException(E2EError.WrongIdentity, "Other keys than the device list has.");
        }

        (long signedId, long notAfter) = file.Query(
            "select signed_id, not_after from publication where device = $1", row => (row.GetInt64(0), row.GetInt64(1)), device)
            .FirstOrDefault((-1, 0));
        if (published.SignedId < signedId)
        {
            return Left(file, "one_time_pair", device);
        }

        if (published.SignedId > signedId)
        {
            file.Run("delete from one_time_pair where device = $1", device);
        }

        if (published.SignedId > signedId || published.NotAfter >= notAfter)
        {
            file.Run(
                "insert or replace into publication values ($1, $2, $3, $4, $5, $6)",
                device,
                published.Certificate,
                published.SignedPair,
                published.SignedId,
                published.NotAfter,
                published.Hash);
        }

        foreach ((long id, byte[] pair) in published.OneTimePairs)
        {
            file.Run("insert into one_time_pair values ($1, $2, $3) on conflict do nothing", device, id, pair);
        }

        return Left(file, "one_time_pair", device);
    }

    public static PreKeyStatus Status(RelayTransaction file, DeviceAddress caller)
    {
        long device = Mailboxes.Listed(file, caller).Device;
        return new PreKeyStatus(
            Left(file, "one_time_pair", device),
            Left(file, "key_package", device),
            file.Bytes("select hash from publication where device = $1", device) ?? ReadOnlyMemory<byte>.Empty);
    }

    public static ClaimedBundles ClaimBundles(RelayTransaction file, string userId, IReadOnlyCollection<string> except)
    {
        byte[] list = List(file, userId) ?? throw new E2EException(E2EError.UnknownDevice);
        Dictionary<string, ReadOnlyMemory<byte>> bundles = [];
        foreach ((long device, string id, byte[] certificate, byte[] pair) in file.Query(
            """
            select d.id, d.device_id, p.certificate, p.signed_pair from account a join device d on d.account = a.id
              join publication p on p.device = d.id where a.user_id = $1 and d.is_listed
            """,
            row => (row.GetInt64(0), row.GetString(1), row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3)),
            userId).Where(found => !except.Contains(found.Item2)))
        {
            (long place, byte[]? content) = file.Query(
                "select id, content from one_time_pair where device = $1 and content is not null order by id limit 1",
                row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                device).FirstOrDefault();
            if (content is not null)
            {
                file.Run("update one_time_pair set content = null where device = $1 and id = $2", device, place);
            }

            bundles[id] = PreKeyBundle.Assemble(certificate, pair, content);
        }

        return new ClaimedBundles(list, bundles);
    }

    public static int PublishKeyPackages(
        RelayTransaction file, DeviceAddress caller, IReadOnlyList<ReadOnlyMemory<byte>> packages, ReadOnlyMemory<byte> lastResort)
    {
        long device = Mailboxes.Listed(file, caller).Device;
        foreach (ReadOnlyMemory<byte> package in packages)
        {
            file.Run(
                "insert into key_package (device, hash, content) values ($1, $2, $3) on conflict do nothing",
                device,
                SHA256.HashData(package.Span),
                package);
        }

        if (!lastResort.IsEmpty)
        {
            file.Run("insert or replace into last_resort_key_package values ($1, $2)", device, lastResort);
        }

        return Left(file, "key_package", device);
    }

    public static ClaimedBundles ClaimKeyPackages(RelayTransaction file, string userId)
    {
        byte[] list = List(file, userId) ?? throw new E2EException(E2EError.UnknownDevice);
        Dictionary<string, ReadOnlyMemory<byte>> packages = [];
        foreach ((long device, string id) in file.Query(
            "select d.id, d.device_id from account a join device d on d.account = a.id where a.user_id = $1 and d.is_listed",
            row => (row.GetInt64(0), row.GetString(1)),
            userId))
        {
            (long place, byte[] content) = file.Query(
                "select place, content from key_package where device = $1 and content is not null order by place limit 1",
                row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                device).FirstOrDefault();
            if (content is not null)
            {
                file.Run("update key_package set content = null where place = $1", place);
                packages[id] = content;
            }
            else if (file.Bytes("select content from last_resort_key_package where device = $1", device) is { } lastResort)
            {
                packages[id] = lastResort;
            }
        }

        return new ClaimedBundles(list, packages);
    }

    private static bool Same(byte[]? there, ReadOnlyMemory<byte> given) => there is not null && PublicBytes.Equal(there, given.Span);

    private static int Left(RelayTransaction file, string table, long device)
    {
        long left = file.Number($"select count(*) from {table} where device = $1 and content is not null", device)!.Value;
        return left <= RelayLimits.MaxOneTimePairs ? (int)left : throw new E2EException(E2EError.LimitExceeded, "Of one device.");
    }

    private static void ForgetPublication(RelayTransaction file, long device)
    {
        foreach (string table in (string[])["publication", "one_time_pair", "key_package", "last_resort_key_package"])
        {
            file.Run($"delete from {table} where device = $1", device);
        }
    }

    private static void Forget(RelayTransaction file, long device)
    {
        ForgetPublication(file, device);
        Mailboxes.Drop(file, device, "i.id > $2", 0L);
        foreach (string table in (string[])["member", "seen"])
        {
            file.Run($"delete from {table} where device = $1", device);
        }

        file.Run("update device set is_listed = 0, identity = null, highest_revision = 0 where id = $1", device);
    }
}
