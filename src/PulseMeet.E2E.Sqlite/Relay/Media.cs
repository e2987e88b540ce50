using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>Media files and uploads, within one transaction. docs/protocol-relay.md, "Media".</summary>
internal static class Media
{
    public static long Begin(RelayTransaction file, string userId, ReadOnlyMemory<byte> id, long length, long quota, DateTimeOffset now)
    {
        if (FindOwn(file, userId, id, now) is { } there)
        {
            return there.Length == length ? there.Received : throw new E2EException(E2EError.ContentChanged);
        }

        // One that is past its age makes room for another under its id.
        if (file.Number("select id from media where media_id = $1", id) is { } old)
        {
            Delete(file, old);
        }

        long account = Mailboxes.Account(file, userId);
        long begun = file.Number(
            "select coalesce(sum(length), 0) from media where account = $1 and (received = length or begun_at > $2)",
            account,
            now - RelayLimits.MaxEnvelopeAge)!.Value;
        if (length > quota - begun)
        {
            throw new E2EException(E2EError.LimitExceeded, "The media quota.");
        }

        file.Run("insert into media (media_id, account, length, begun_at) values ($1, $2, $3, $4)", id, account, length, now);
        return 0;
    }

    /// <summary>Appends at exactly the end; anywhere else nothing. Gives how much is durable then.</summary>
    public static long Append(RelayTransaction file, Upload upload, long offset, ReadOnlyMemory<byte> part)
    {
        if (offset != upload.Received || part.IsEmpty)
        {
            return upload.Received;
        }

        if (part.Length > upload.Length - offset)
        {
            throw new E2EException(E2EError.LimitExceeded, "More bytes than were announced.");
        }

        file.Run("insert into media_part values ($1, $2, $3)", upload.Number, offset, part);
        file.Run("update media set received = received + $2 where id = $1", upload.Number, part.Length);
        return offset + part.Length;
    }

    public static int Read(RelayTransaction file, Upload upload, long offset, Memory<byte> destination)
    {
        int read = 0;
        long end = Math.Min(upload.Length, offset + destination.Length);
        while (offset + read < end)
        {
            long at = offset + read;
            (long start, byte[] content) = file.Query(
                "select start, content from media_part where media = $1 and start <= $2 order by start desc limit 1",
                row => (row.GetInt64(0), row.GetFieldValue<byte[]>(1)),
                upload.Number,
                at)[0];
            int from = (int)(at - start);
            int count = (int)Math.Min(content.Length - from, end - at);
            content.AsSpan(from, count).CopyTo(destination.Span[read..]);
            read += count;
        }

        return read;
    }

    public static bool Delete(RelayTransaction file, long media)
    {
        file.Run("delete from media_part where media = $1", media);
        return file.Run("delete from media where id = $1", media) > 0;
    }

    /// <summary>An upload that is not past its age.</summary>
    public static Upload? Find(RelayTransaction file, ReadOnlyMemory<byte> id, DateTimeOffset now) => file.Query(
        """
        select m.id, a.user_id, m.length, m.received from media m join account a on a.id = m.account
          where m.media_id = $1 and (m.received = m.length or m.begun_at > $2)
        """,
        row => new Upload(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)),
        id,
        now - RelayLimits.MaxEnvelopeAge).FirstOrDefault();

    /// <exception cref="E2EException">It is another user's (<see cref="E2EError.NotAllowed"/>).</exception>
    public static Upload? FindOwn(RelayTransaction file, string userId, ReadOnlyMemory<byte> id, DateTimeOffset now) =>
        Find(file, id, now) is { } upload
            ? upload.UserId == userId ? upload : throw new E2EException(E2EError.NotAllowed, "An upload of another user.")
            : null;

    internal sealed record Upload(long Number, string UserId, long Length, long Received)
    {
        public bool IsWhole => Received == Length;
    }
}
