using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

internal sealed partial class ConnectedDevice
{
    public async Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsCommit(commit);
        RelayRequest.IsWithin(commit);
        (int place, long[] woken) = await database.SingleAsync(
            """
            select * from pulsemeet_e2e_relay.offer_commit(
              $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
            """,
            row => (row.GetInt32(0), row.GetFieldValue<long[]>(1)),
            cancellationToken,
            [
                .. Self,
                .. NowAndBounds(),
                Parameters.Integer(RelayLimits.MaxCandidatesPerSender),
                Parameters.Integer(RelayLimits.MaxGroupDevices),
                Parameters.Integer(RelayLimits.MaxOffers),
                Parameters.Bigint(RelayLimits.MaxOfferBytes),
                Parameters.Bytes(commit.GroupId),
                Parameters.Unsigned(commit.Epoch),
                Parameters.Bytes(commit.Id),
                Parameters.Bytes(commit.Commit),
                .. Envelopes(commit.Welcomes),
                Parameters.Texts(commit.Removed.Select(device => device.UserId)),
                Parameters.Texts(commit.Removed.Select(device => device.DeviceId)),
                Parameters.BytesOrNull(commit.GroupInfo),
                Parameters.BytesOrNull(commit.Tree.IsEmpty ? ReadOnlyMemory<byte>.Empty : SHA256.HashData(commit.Tree.Span)),
                Parameters.BytesOrNull(commit.Tree),
            ]).ConfigureAwait(false);
        Tell(woken);
        return place;
    }

    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        ArgumentOutOfRangeException.ThrowIfNegative(fromPlace);
        RelayRequest.IsPage(max);
        return await database.QueryAsync(
            "select * from pulsemeet_e2e_relay.candidates($1, $2, $3, $4, $5, $6, $7, $8)",
            row => new GroupCandidate(
                (ulong)row.GetDecimal(0), row.GetInt32(1), new DeviceAddress(row.GetString(2), row.GetString(3)), row.GetFieldValue<byte[]>(4)),
            cancellationToken,
            [
                .. Self, Parameters.Bytes(groupId), Parameters.Unsigned(fromEpoch), Parameters.Integer(fromPlace), Parameters.Integer(max),
                Parameters.Bigint(RelayLimits.MaxRequestSize), Parameters.Time(OldestKept),
            ]).ConfigureAwait(false);
    }

    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        return database.SingleAsync(
            "select pulsemeet_e2e_relay.group_info($1, $2)",
            BytesOrNull,
            cancellationToken,
            Parameters.Text(caller.UserId),
            Parameters.Bytes(groupId));
    }

    public async Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsHash(hash);
        return (await database.QueryAsync(
            "select content from pulsemeet_e2e_relay.tree where hash = $1", BytesOrNull, cancellationToken, Parameters.Bytes(hash))
            .ConfigureAwait(false)).FirstOrDefault();
    }

    public async Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMessage(message);
        RelayRequest.IsWithin(message.Content.Length, RelayLimits.MaxEnvelopeSize);
        long[] woken = await database.SingleAsync(
            "select pulsemeet_e2e_relay.send_to_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            row => row.GetFieldValue<long[]>(0),
            cancellationToken,
            [
                .. Self, .. NowAndBounds(), Parameters.Bytes(message.GroupId), Parameters.Unsigned(message.Epoch),
                Parameters.Bytes(message.Id), Parameters.Bytes(message.Content),
            ]).ConfigureAwait(false);
        Tell(woken);
    }

    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        return database.RunAsync(
            "select pulsemeet_e2e_relay.subscribe($1, $2, $3, $4)",
            cancellationToken,
            [.. Self, Parameters.Bytes(groupId), Parameters.Boolean(isSubscribed)]);
    }

    private static byte[]? BytesOrNull(Npgsql.NpgsqlDataReader row) => row.IsDBNull(0) ? null : row.GetFieldValue<byte[]>(0);
}
