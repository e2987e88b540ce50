namespace PulseMeet.E2E.Relay;

/// <summary>One file of <see cref="InMemoryMediaStore"/>: it grows at its end until it has its announced length, and never
/// changes afterwards, so that a whole one is read without a lock.</summary>
internal sealed class MediaFile(string owner, long length, DateTimeOffset begunAt)
{
    private readonly List<byte[]> _parts = [];
    private readonly List<long> _offsets = [];

    public string Owner { get; } = owner;

    public long Length { get; } = length;

    public DateTimeOffset BegunAt { get; } = begunAt;

    public long Durable { get; private set; }

    public bool IsWhole => Durable == Length;

    /// <exception cref="E2EException">Somebody else began it (<see cref="E2EError.NotAllowed"/>).</exception>
    public void ExpectOwner(string userId)
    {
        if (Owner != userId)
        {
            throw new E2EException(E2EError.NotAllowed, "Another user's media file.");
        }
    }

    /// <summary>Appends at exactly the end; elsewhere nothing. Gives how many bytes are there.</summary>
    /// <exception cref="E2EException">More than was announced (<see cref="E2EError.LimitExceeded"/>).</exception>
    public long Append(long offset, ReadOnlySpan<byte> part)
    {
        if (offset != Durable || part.IsEmpty)
        {
            return Durable;
        }

        if (part.Length > Length - Durable)
        {
            throw new E2EException(E2EError.LimitExceeded, "More bytes than the file was announced with.");
        }

        _offsets.Add(Durable);
        _parts.Add(part.ToArray());
        return Durable += part.Length;
    }

    public int Read(long offset, Span<byte> destination)
    {
        int read = 0;
        while (read < destination.Length && offset + read < Length)
        {
            long at = offset + read;
            int found = _offsets.BinarySearch(at);
            int index = found >= 0 ? found : ~found - 1;
            ReadOnlySpan<byte> rest = _parts[index].AsSpan((int)(at - _offsets[index]));
            int count = Math.Min(rest.Length, destination.Length - read);
            rest[..count].CopyTo(destination[read..]);
            read += count;
        }

        return read;
    }
}
