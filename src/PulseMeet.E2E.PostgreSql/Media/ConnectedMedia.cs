using PulseMeet.E2E.PostgreSql.Relay;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Media;

/// <summary>The media store for one user.</summary>
internal sealed class ConnectedMedia(string userId, RelayDatabase database, MediaFiles files, long quota, TimeProvider time)
    : IMediaStore
{
    public Task<long> BeginPutAsync(ReadOnlyMemory<byte> mediaId, long length, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        DateTimeOffset now = time.GetUtcNow();
        return database.SingleAsync(
            "select pulsemeet_e2e_relay.begin_media($1, $2, $3, $4, $5, $6)",
            row => row.GetInt64(0),
            cancellationToken,
            Parameters.Text(userId),
            Parameters.Bytes(mediaId),
            Parameters.Bigint(length),
            Parameters.Bigint(quota),
            Parameters.Time(now),
            Parameters.Time(now - RelayLimits.MaxEnvelopeAge));
    }

    public async Task<long> PutAsync(
        ReadOnlyMemory<byte> mediaId, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        RelayRequest.IsWithin(part.Length, RelayLimits.MaxRequestSize);
        Upload upload = await FindOwnAsync(mediaId, cancellationToken).ConfigureAwait(false);
        if (offset != upload.Received || part.IsEmpty)
        {
            return upload.Received;
        }

        if (part.Length > upload.Length - offset)
        {
            throw new E2EException(E2EError.LimitExceeded, "More bytes than were announced.");
        }

        if (files.TryOpenToWrite(upload.Number) is not { } file)
        {
            return offset;
        }

        await using (file.ConfigureAwait(false))
        {
            // Whoever had the file before may have counted more meanwhile.
            upload = await FindOwnAsync(mediaId, cancellationToken).ConfigureAwait(false);
            if (offset != upload.Received)
            {
                return upload.Received;
            }

            await WriteAsync(file, offset, part, cancellationToken).ConfigureAwait(false);
            await database.RunAsync(
                "update pulsemeet_e2e_relay.media set received = received + $2 where id = $1 and received = $3",
                cancellationToken,
                Parameters.Bigint(upload.Number),
                Parameters.Bigint(part.Length),
                Parameters.Bigint(offset)).ConfigureAwait(false);
            return offset + part.Length;
        }
    }

    public async Task<long?> GetLengthAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        return (await FindAsync(mediaId, cancellationToken).ConfigureAwait(false)) is { IsWhole: true } upload ? upload.Length : null;
    }

    public async Task<int> GetAsync(
        ReadOnlyMemory<byte> mediaId, long offset, Memory<byte> destination, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (await FindAsync(mediaId, cancellationToken).ConfigureAwait(false) is not { IsWhole: true } upload)
        {
            throw new E2EException(E2EError.UnknownMedia);
        }

        if (offset >= upload.Length || destination.IsEmpty)
        {
            return 0;
        }

        try
        {
            return await files.ReadAsync(upload.Number, offset, destination, cancellationToken).ConfigureAwait(false);
        }
        catch (FileNotFoundException deleted)
        {
            throw new E2EException(E2EError.UnknownMedia, "It was deleted.", deleted);
        }
        catch (IOException failed)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay's files.", failed);
        }
    }

    public async Task DeleteAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsId(mediaId);
        long? number = await database.SingleAsync<long?>(
            "select pulsemeet_e2e_relay.delete_media($1, $2)",
            row => row.IsDBNull(0) ? null : row.GetInt64(0),
            cancellationToken,
            Parameters.Text(userId),
            Parameters.Bytes(mediaId)).ConfigureAwait(false);
        if (number is { } deleted)
        {
            // Where this is interrupted, or fails, cleaning up goes on with it.
            try
            {
                files.Delete(deleted);
            }
            catch (IOException)
            {
                return;
            }

            await database.RunAsync(
                "delete from pulsemeet_e2e_relay.media_waste where id = $1", cancellationToken, Parameters.Bigint(deleted)).ConfigureAwait(false);
        }
    }

    private static async Task WriteAsync(FileStream file, long offset, ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        try
        {
            await MediaFiles.WriteAsync(file, offset, part, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException failed)
        {
            throw new E2EException(E2EError.RelayUnavailable, "The relay's files.", failed);
        }
    }

    private async Task<Upload> FindOwnAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken)
    {
        Upload? upload = await FindAsync(mediaId, cancellationToken).ConfigureAwait(false);
        return upload is null ? throw new E2EException(E2EError.UnknownMedia)
            : upload.UserId == userId ? upload
            : throw new E2EException(E2EError.NotAllowed, "An upload of another user.");
    }

    private async Task<Upload?> FindAsync(ReadOnlyMemory<byte> mediaId, CancellationToken cancellationToken) =>
        (await database.QueryAsync(
            """
            select m.id, a.user_id, m.length, m.received
              from pulsemeet_e2e_relay.media m join pulsemeet_e2e_relay.account a on a.id = m.account
              where m.media_id = $1 and (m.received = m.length or m.begun_at > $2)
            """,
            row => new Upload(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)),
            cancellationToken,
            Parameters.Bytes(mediaId),
            Parameters.Time(time.GetUtcNow() - RelayLimits.MaxEnvelopeAge)).ConfigureAwait(false)).FirstOrDefault();

    private sealed record Upload(long Number, string UserId, long Length, long Received)
    {
        public bool IsWhole => Received == Length;
    }
}
