using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>The key directory in PostgreSQL. Any number of processes may share one database.</summary>
/// <remarks>A connection of the data source has the role <c>service_role</c>, or <c>authenticated</c> with the user's id in
/// <c>request.jwt.claim.sub</c>: row level security then lets it publish that user's devices only. A one-time pair is
/// claimed by deleting it, so that nobody else is ever given it. Thread-safe. docs/protocol-postgresql.md.</remarks>
public sealed class PostgresKeyDirectory : IKeyDirectory
{
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
    /// refused (<see cref="E2EError.Expired"/>), an older signed pair is passed over with its one-time pairs.</remarks>
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
        (long current, long last) = await UpsertDeviceAsync(connection, publication, cancellationToken).ConfigureAwait(false);
        if (current == publication.SignedPair.Id)
        {
            await AddAsync(connection, publication, last, cancellationToken).ConfigureAwait(false);
        }

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
            "select certificate, signed_prekey, one_time_prekey from public.e2e_claim_bundle($1, $2)",
            cancellationToken, device.UserId, device.DeviceId).ConfigureAwait(false))
        {
            bundle = PreKeyBundle.Decode(PreKeyBundle.Assemble(
                (byte[])row[0], (byte[])row[1], row.IsDBNull(2) ? [] : (byte[])row[2]));
        }

        return bundle ?? throw new E2EException(E2EError.UnknownDevice);
    }

    /// <inheritdoc/>
    public async Task<DirectoryState> GetStateAsync(DeviceAddress device, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        await using NpgsqlConnection connection = await _dataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        DirectoryState? state = null;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            "select one_time, certificate, signed_prekey from public.e2e_count_prekeys($1, $2)",
            cancellationToken, device.UserId, device.DeviceId).ConfigureAwait(false))
        {
            state = new DirectoryState(row.GetInt32(0), PreKeyPublication.HashOf((byte[])row[1], (byte[])row[2]));
        }

        return state ?? throw new E2EException(E2EError.UnknownDevice);
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

    /// <summary>Stores the newer certificate and the newer signed pair; with a newer pair the one-time pairs of the earlier one go.</summary>
    /// <returns>The id of the signed pair that is there now, and the greatest id of a one-time pair that was ever taken.</returns>
    private static async Task<(long Current, long Last)> UpsertDeviceAsync(
        NpgsqlConnection connection, PreKeyPublication publication, CancellationToken cancellationToken)
    {
        DeviceCertificate certificate = publication.Certificate;
        (long, long) state = default;
        await foreach (NpgsqlDataReader row in connection.QueryAsync(
            """
            insert into public.e2e_devices as d (user_id, device_id, identity_key, certificate, certificate_not_before,
              signed_prekey, signed_prekey_id)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (user_id, device_id) do update set
              certificate = case when excluded.certificate_not_before >= d.certificate_not_before
                then excluded.certificate else d.certificate end,
              certificate_not_before = greatest(excluded.certificate_not_before, d.certificate_not_before),
              signed_prekey = case when excluded.signed_prekey_id > d.signed_prekey_id
                then excluded.signed_prekey else d.signed_prekey end,
              signed_prekey_id = greatest(excluded.signed_prekey_id, d.signed_prekey_id)
            returning d.signed_prekey_id, d.last_one_time_id
            """,
            cancellationToken, certificate.Address.UserId, certificate.Address.DeviceId, Tagged(certificate),
            certificate.Encode(), certificate.NotBefore.UtcDateTime,
            publication.SignedPair.Encode(), (long)publication.SignedPair.Id).ConfigureAwait(false))
        {
            state = (row.GetInt64(0), row.GetInt64(1));
        }

        // The pairs of a generation have greater ids than the signed pair, and those of earlier ones smaller ids.
        await connection.RunAsync(
            "delete from public.e2e_one_time_prekeys where user_id = $1 and device_id = $2 and id < $3",
            cancellationToken, certificate.Address.UserId, certificate.Address.DeviceId, state.Item1).ConfigureAwait(false);
        return state;
    }

    private static async Task AddAsync(
        NpgsqlConnection connection, PreKeyPublication publication, long last, CancellationToken cancellationToken)
    {
        DeviceAddress device = publication.Certificate.Address;
        long count = (int)(await connection.ScalarAsync(
            "select one_time from public.e2e_count_prekeys($1, $2)",
            cancellationToken, device.UserId, device.DeviceId).ConfigureAwait(false))!;
        if (count + publication.OneTimePairs.Count > InMemoryKeyDirectory.MaxOneTimePairs)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekey pairs.");
        }

        OneTimePreKeyPair[] fresh = [.. publication.OneTimePairs.Where(pair => pair.Id > last)];
        if (fresh.Length == 0)
        {
            return;
        }

        await connection.RunAsync(
            """
            insert into public.e2e_one_time_prekeys (user_id, device_id, id, prekey)
            select $1, $2, p.id, p.prekey from unnest($3, $4) as p(id, prekey)
            """,
            cancellationToken, device.UserId, device.DeviceId,
            fresh.Select(pair => (long)pair.Id).ToArray(), fresh.Select(pair => pair.Encode()).ToArray()).ConfigureAwait(false);
        await connection.RunAsync(
            "update public.e2e_devices set last_one_time_id = $3 where user_id = $1 and device_id = $2",
            cancellationToken, device.UserId, device.DeviceId, (long)fresh[^1].Id).ConfigureAwait(false);
    }

    private static byte[] Tagged(DeviceCertificate certificate) => [0x01, .. certificate.IdentityKey.ToArray()];
}
