using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

internal sealed partial class ConnectedDevice
{
    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsWithin(recoveryCopy.Length, RelayLimits.MaxRecoveryCopySize);
        return file.RunAsync(
            write => write.Run("update account set recovery_copy = $2 where id = $1", Mailboxes.Listed(write, caller).Account, recoveryCopy),
            cancellationToken);
    }

    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) =>
        file.RunAsync(read => read.Bytes("select recovery_copy from account where user_id = $1", caller.UserId), cancellationToken);

    public async Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWithin(answer.Length, RelayLimits.MaxLinkAnswerSize);
        long account = await file.RunAsync(
            write =>
            {
                DateTimeOffset now = time.GetUtcNow();
                long owner = Mailboxes.Listed(write, caller).Account;
                write.Run(
                    """
                    insert into link_answer values ($1, $2, $3, $4) on conflict (account, request_id) do update
                      set answer = excluded.answer, arrived_at = excluded.arrived_at where arrived_at <= $5
                    """,
                    owner,
                    requestId,
                    answer,
                    now,
                    now - RelayLimits.LinkAnswerAge);
                return owner;
            },
            cancellationToken).ConfigureAwait(false);
        waiters.Wake(Topic.LinkAnswers(account));
    }

    public async Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(requestId);
        RelayRequest.IsWait(wait);
        return await _poll.GetAnswerAsync(wait, () => LookForAnswerAsync(requestId, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private Task<(Topic Answers, byte[]? Answer)> LookForAnswerAsync(ReadOnlyMemory<byte> requestId, CancellationToken cancellationToken) =>
        file.RunAsync(
            read =>
            {
                long account = Mailboxes.Account(read, caller.UserId);
                return (Topic.LinkAnswers(account), read.Bytes(
                    "select answer from link_answer where account = $1 and request_id = $2 and arrived_at > $3",
                    account,
                    requestId,
                    time.GetUtcNow() - RelayLimits.LinkAnswerAge));
            },
            cancellationToken);
}
