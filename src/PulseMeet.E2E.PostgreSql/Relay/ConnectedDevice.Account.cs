using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

internal sealed partial class ConnectedDevice
{
    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsWithin(recoveryCopy.Length, RelayLimits.MaxRecoveryCopySize);
        return database.RunAsync(
            "select pulsemeet_e2e_relay.put_recovery_copy($1, $2, $3)",
            cancellationToken,
            [.. Self, Parameters.Bytes(recoveryCopy)]);
    }

    public async Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) =>
        (await database.QueryAsync(
            "select recovery_copy from pulsemeet_e2e_relay.account where user_id = $1",
            BytesOrNull,
            cancellationToken,
            Parameters.Text(caller.UserId)).ConfigureAwait(false)).FirstOrDefault();

    public async Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWithin(answer.Length, RelayLimits.MaxLinkAnswerSize);
        DateTimeOffset now = time.GetUtcNow();
        long account = await database.SingleAsync(
            "select pulsemeet_e2e_relay.put_link_answer($1, $2, $3, $4, $5, $6)",
            row => row.GetInt64(0),
            cancellationToken,
            [
                .. Self, Parameters.Bytes(requestId), Parameters.Bytes(answer), Parameters.Time(now),
                Parameters.Time(now - RelayLimits.LinkAnswerAge),
            ]).ConfigureAwait(false);
        notifications.Tell([Topic.LinkAnswers(account)]);
    }

    public async Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWait(wait);
        return await Waits.GetAnswerAsync(wait, () => LookForAnswerAsync(requestId, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private Task<(Topic Answers, byte[]? Answer)> LookForAnswerAsync(ReadOnlyMemory<byte> requestId, CancellationToken cancellationToken) =>
        database.SingleAsync(
            "select * from pulsemeet_e2e_relay.get_link_answer($1, $2, $3)",
            row => (Topic.LinkAnswers(row.GetInt64(0)), row.IsDBNull(1) ? null : row.GetFieldValue<byte[]>(1)),
            cancellationToken,
            Parameters.Text(caller.UserId),
            Parameters.Bytes(requestId),
            Parameters.Time(time.GetUtcNow() - RelayLimits.LinkAnswerAge));
}
