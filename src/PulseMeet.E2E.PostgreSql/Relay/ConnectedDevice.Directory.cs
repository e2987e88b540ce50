using System.Security.Cryptography;
using Npgsql;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

internal sealed partial class ConnectedDevice
{
    public async Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default)
    {
        VerifiedPublication published = VerifiedPublication.Read(publication, caller, time.GetUtcNow());
        return await database.SingleAsync(
            "select pulsemeet_e2e_relay.publish_pre_keys($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            row => row.GetInt32(0),
            cancellationToken,
            [
                .. Self,
                Parameters.Bytes(published.Identity),
                Parameters.Bytes(published.Certificate),
                Parameters.Bigint(published.NotAfter),
                Parameters.Bytes(published.SignedPair),
                Parameters.Bigint(published.SignedId),
                Parameters.Bytes(published.Hash),
                Parameters.Bigints(published.OneTimePairs.Select(pair => pair.Id)),
                Parameters.ManyBytes(published.OneTimePairs.Select(pair => (ReadOnlyMemory<byte>)pair.Encoded)),
                Parameters.Integer(RelayLimits.MaxOneTimePairs),
            ]).ConfigureAwait(false);
    }

    public Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) => database.SingleAsync(
        "select * from pulsemeet_e2e_relay.pre_key_status($1, $2)",
        row => new PreKeyStatus(
            (int)row.GetInt64(0), (int)row.GetInt64(1), row.IsDBNull(2) ? ReadOnlyMemory<byte>.Empty : row.GetFieldValue<byte[]>(2)),
        cancellationToken,
        Self);

    public async Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default)
    {
        DeviceList list = VerifiedDeviceList.Read(deviceList, caller, time.GetUtcNow());
        Tell(await database.SingleAsync(
            "select pulsemeet_e2e_relay.publish_device_list($1, $2, $3, $4, $5, $6, $7)",
            row => row.GetFieldValue<long[]>(0),
            cancellationToken,
            [
                .. Self, Parameters.Bytes(list.AccountKey.ToArray()), Parameters.Bigint(list.Number), Parameters.Bytes(deviceList),
                Parameters.Texts(list.Devices.Select(device => device.Address.DeviceId)),
                Parameters.ManyBytes(list.Devices.Select(device => (ReadOnlyMemory<byte>)device.Identity.ToArray())),
            ]).ConfigureAwait(false));
    }

    public async Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        return (await database.QueryAsync(
            "select device_list from pulsemeet_e2e_relay.account where user_id = $1", BytesOrNull, cancellationToken, Parameters.Text(userId))
            .ConfigureAwait(false)).FirstOrDefault();
    }

    public async Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        ArgumentNullException.ThrowIfNull(except);
        RelayRequest.IsWithin(except.Count, RelayLimits.MaxRequestItems);
        List<(byte[] List, string? Device, byte[]? Bundle)> rows = await database.QueryAsync(
            "select * from pulsemeet_e2e_relay.claim_bundles($1, $2)",
            row => (row.GetFieldValue<byte[]>(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(1) ? null : Bundle(row)),
            cancellationToken,
            Parameters.Text(userId),
            Parameters.Texts(except)).ConfigureAwait(false);
        return new ClaimedBundles(
            rows[0].List, rows.Where(row => row.Device is not null).ToDictionary(row => row.Device!, row => (ReadOnlyMemory<byte>)row.Bundle));
    }

    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keyPackages);
        RelayRequest.AreKeyPackages(keyPackages, lastResort);
        return database.SingleAsync(
            "select pulsemeet_e2e_relay.publish_key_packages($1, $2, $3, $4, $5, $6)",
            row => row.GetInt32(0),
            cancellationToken,
            [
                .. Self, Parameters.ManyBytes(keyPackages.Select(package => (ReadOnlyMemory<byte>)SHA256.HashData(package.Span))),
                Parameters.ManyBytes(keyPackages), Parameters.BytesOrNull(lastResort), Parameters.Integer(RelayLimits.MaxOneTimePairs),
            ]);
    }

    public async Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsUser(userId);
        List<(byte[] List, string? Device, byte[]? Package)> rows = await database.QueryAsync(
            "select * from pulsemeet_e2e_relay.claim_key_packages($1)",
            row => (row.GetFieldValue<byte[]>(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetFieldValue<byte[]>(2)),
            cancellationToken,
            Parameters.Text(userId)).ConfigureAwait(false);
        return new ClaimedBundles(
            rows[0].List, rows.Where(row => row.Device is not null).ToDictionary(row => row.Device!, row => (ReadOnlyMemory<byte>)row.Package));
    }

    private static byte[] Bundle(NpgsqlDataReader row) => PreKeyBundle.Assemble(
        row.GetFieldValue<byte[]>(2), row.GetFieldValue<byte[]>(3), row.IsDBNull(4) ? [] : row.GetFieldValue<byte[]>(4));
}
