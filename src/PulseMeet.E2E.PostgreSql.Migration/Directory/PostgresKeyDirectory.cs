using System.Buffers.Binary;
using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The key directory in PostgreSQL. Any number of processes may share one database.</summary>
/// <remarks>A connection of the data source has the role <c>service_role</c>, or <c>authenticated</c> with the user's id in
/// <c>request.jwt.claim.sub</c>: row level security then lets it publish that user's devices only. A one-time prekey is
/// claimed by deleting it, so that nobody else is ever given it. Thread-safe. docs/protocol-postgresql.md.</remarks>
public sealed class PostgresKeyDirectory : IKeyDirectory
{
    private const short Curve = 1;
    private const short Kem = 2;

    private readonly NpgsqlDataSource _dataSource;
    private readonly TimeProvider _time;

    /// <param name="dataSource">Not disposed.</param>
    /// <param name="time">The clock that certificates are checked against.</param>
    public PostgresKeyDirectory(NpgsqlDataSource dataSource, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(time);
        _dataSource = dataSource;
        _time = time;
    }

    /// <inheritdoc/>
    /// <remarks>A publication that arrives late never replaces a newer one: an older certificate of another identity key is
    /// refused (<see cref="E2EError.Expired"/>), an older signed prekey is passed over.</remarks>
    public async Task PublishAsync(PreKeyPublication publication, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(publication);
        publication.Verify(_time.GetUtcNow());
        DeviceCertificate certificate = publication.Certificate;
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction =
            await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);

        // One publication of a user at a time: a user has one account key, and prekey numbers only rise.
        await connection.RunAsync(
            "select pg_advisory_xact_lock(hashtextextended('pulsemeet-e2e directory ' || $1, 0))",
            cancellationToken, certificate.Address.UserId).ConfigureAwait(false);
        await CheckAccountAsync(connection, certificate, cancellationToken).ConfigureAwait(false);
        await ForgetFormerIdentityAsync(connection, certificate, cancellationToken).ConfigureAwait(false);
        (long lastCurve, long lastKem) =
            await UpsertDeviceAsync(connection, publication, cancellationToken).ConfigureAwait(false);
        await AddAsync(connection, certificate.Address, Curve, lastCurve,
            [.. publication.OneTimePreKeys.Select(preKey => ((long)preKey.Id, Encode(preKey)))], cancellationToken)
            .ConfigureAwait(false);
        await AddAsync(connection, certificate.Address, Kem, lastKem,
            [.. publication.OneTimeKemPreKeys.Select(preKey => ((long)preKey.Id, preKey.ToArray()))], cancellationToken)
            .ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeviceCertificate>> FetchDevicesAsync(
        string userId, CancellationToken cancellationToken = default)
    {
        // A device address has the same bounds on a user id.
        string user = new DeviceAddress(userId, "-").UserId;
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        List<DeviceCertificate> devices = [];
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select certificate from public.e2e_devices where user_id = $1 order by device_id", cancellationToken, user)
            .ConfigureAwait(false))
        {
            devices.Add(DeviceCertificate.Decode((byte[])row[0]));
        }

        return devices;
    }

    /// <inheritdoc/>
    public async Task<PreKeyBundle> ClaimBundleAsync(DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        PreKeyBundle? bundle = null;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select certificate, signed_prekey, kem_prekey, one_time_prekey from public.e2e_claim_bundle($1, $2)",
            cancellationToken, device.UserId, device.DeviceId).ConfigureAwait(false))
        {
            bundle = new PreKeyBundle(
                DeviceCertificate.Decode((byte[])row[0]),
                SignedPreKey.Decode((byte[])row[1]),
                KemPreKey.Decode((byte[])row[2]),
                row.IsDBNull(3) ? null : DecodeOneTime((byte[])row[3]));
        }

        return bundle ?? throw new E2EException(E2EError.UnknownDevice);
    }

    /// <inheritdoc/>
    public async Task<OneTimePreKeyCount> CountOneTimePreKeysAsync(
        DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        OneTimePreKeyCount? count = null;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select curve, kem from public.e2e_count_prekeys($1, $2)", cancellationToken, device.UserId, device.DeviceId)
            .ConfigureAwait(false))
        {
            count = new OneTimePreKeyCount(row.GetInt32(0), row.GetInt32(1));
        }

        return count ?? throw new E2EException(E2EError.UnknownDevice);
    }

    private static async Task CheckAccountAsync(
        NpgsqlConnection connection, DeviceCertificate certificate, CancellationToken cancellationToken)
    {
        byte[] accountKey = [0x02, .. certificate.AccountKey.ToArray()];
        await connection.RunAsync(
            "insert into public.e2e_accounts (user_id, account_key) values ($1, $2) on conflict (user_id) do nothing",
            cancellationToken, certificate.Address.UserId, accountKey).ConfigureAwait(false);
        bool same = (bool)(await connection.ScalarAsync(
            "select account_key = $2 from public.e2e_accounts where user_id = $1", cancellationToken,
            certificate.Address.UserId, accountKey).ConfigureAwait(false))!;
        if (!same)
        {
            throw new E2EException(E2EError.WrongIdentity, "The user is registered under another account key.");
        }
    }

    /// <summary>A device that comes back with another identity key begins anew.</summary>
    private static async Task ForgetFormerIdentityAsync(
        NpgsqlConnection connection, DeviceCertificate certificate, CancellationToken cancellationToken)
    {
        object? newer = await connection.ScalarAsync(
            """
            select certificate_not_before > $4 from public.e2e_devices
            where user_id = $1 and device_id = $2 and identity_key <> $3
            """,
            cancellationToken, certificate.Address.UserId, certificate.Address.DeviceId, Tagged(certificate),
            certificate.NotBefore.UtcDateTime).ConfigureAwait(false);
        if (newer is true)
        {
            throw new E2EException(E2EError.Expired, "The device has a newer certificate.");
        }

        if (newer is false)
        {
            await connection.RunAsync(
                "delete from public.e2e_devices where user_id = $1 and device_id = $2",
                cancellationToken, certificate.Address.UserId, certificate.Address.DeviceId).ConfigureAwait(false);
        }
    }

    private static async Task<(long Curve, long Kem)> UpsertDeviceAsync(
        NpgsqlConnection connection, PreKeyPublication publication, CancellationToken cancellationToken)
    {
        DeviceCertificate certificate = publication.Certificate;
        (long, long) last = default;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            """
            insert into public.e2e_devices as d (user_id, device_id, identity_key, certificate, certificate_not_before,
              signed_prekey, signed_prekey_created_at, last_resort_prekey, last_resort_created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (user_id, device_id) do update set
              certificate = case when excluded.certificate_not_before >= d.certificate_not_before
                then excluded.certificate else d.certificate end,
              certificate_not_before = greatest(excluded.certificate_not_before, d.certificate_not_before),
              signed_prekey = case when excluded.signed_prekey_created_at >= d.signed_prekey_created_at
                then excluded.signed_prekey else d.signed_prekey end,
              signed_prekey_created_at = greatest(excluded.signed_prekey_created_at, d.signed_prekey_created_at),
              last_resort_prekey = case when excluded.last_resort_created_at >= d.last_resort_created_at
                then excluded.last_resort_prekey else d.last_resort_prekey end,
              last_resort_created_at = greatest(excluded.last_resort_created_at, d.last_resort_created_at)
            returning d.last_one_time_id, d.last_one_time_kem_id
            """,
            cancellationToken, certificate.Address.UserId, certificate.Address.DeviceId, Tagged(certificate),
            certificate.Encode(), certificate.NotBefore.UtcDateTime,
            publication.SignedPreKey.ToArray(), publication.SignedPreKey.CreatedAt.UtcDateTime,
            publication.LastResortPreKey.ToArray(), publication.LastResortPreKey.CreatedAt.UtcDateTime).ConfigureAwait(false))
        {
            last = (row.GetInt64(0), row.GetInt64(1));
        }

        return last;
    }

    private static async Task AddAsync(
        NpgsqlConnection connection, DeviceAddress device, short kind, long last, (long Id, byte[] Encoded)[] preKeys,
        CancellationToken cancellationToken)
    {
        (long Id, byte[] Encoded)[] fresh = [.. preKeys.Where(preKey => preKey.Id > last).DistinctBy(preKey => preKey.Id)];
        if (preKeys.Length == 0)
        {
            return;
        }

        long count = (long)(await connection.ScalarAsync(
            "select case $3 when 1 then c.curve else c.kem end::bigint from public.e2e_count_prekeys($1, $2) c",
            cancellationToken, device.UserId, device.DeviceId, (int)kind).ConfigureAwait(false))!;
        if (count + preKeys.Length > InMemoryKeyDirectory.MaxOneTimePreKeys)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekeys.");
        }

        if (fresh.Length == 0)
        {
            return;
        }

        await connection.RunAsync(
            """
            insert into public.e2e_one_time_prekeys (user_id, device_id, kind, id, prekey)
            select $1, $2, $3, p.id, p.prekey from unnest($4, $5) as p(id, prekey)
            """,
            cancellationToken, device.UserId, device.DeviceId, kind,
            fresh.Select(preKey => preKey.Id).ToArray(), fresh.Select(preKey => preKey.Encoded).ToArray()).ConfigureAwait(false);
        await connection.RunAsync(
            kind == Curve
                ? "update public.e2e_devices set last_one_time_id = $3 where user_id = $1 and device_id = $2"
                : "update public.e2e_devices set last_one_time_kem_id = $3 where user_id = $1 and device_id = $2",
            cancellationToken, device.UserId, device.DeviceId, fresh.Max(preKey => preKey.Id)).ConfigureAwait(false);
    }

    private static byte[] Tagged(DeviceCertificate certificate) => [0x01, .. certificate.IdentityKey.ToArray()];

    private static byte[] Encode(OneTimePreKey preKey)
    {
        byte[] encoded = new byte[4 + X25519PublicKey.KeySize];
        BinaryPrimitives.WriteUInt32BigEndian(encoded, preKey.Id);
        preKey.Key.ToArray().CopyTo(encoded, 4);
        return encoded;
    }

    private static OneTimePreKey DecodeOneTime(byte[] encoded) => encoded.Length == 4 + X25519PublicKey.KeySize
        ? new(BinaryPrimitives.ReadUInt32BigEndian(encoded), X25519PublicKey.FromBytes(encoded.AsSpan(4)))
        : throw new E2EException(E2EError.InvalidEncoding, "A one-time prekey.");
}
