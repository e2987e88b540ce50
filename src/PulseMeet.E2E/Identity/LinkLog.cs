using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>The ids of the requests that a device has answered, for as long as they could be shown again.</summary>
/// <remarks>At most 64, the oldest dropped: only what the user approved counts, so that nobody else can fill it up. Not
/// thread-safe.</remarks>
public sealed class LinkLog
{
    /// <summary>The most ids that are kept.</summary>
    public const int Capacity = 64;

    private const byte Version = 1;

    private readonly List<(byte[] Id, DateTimeOffset AnsweredAt)> _entries = [];

    /// <summary>How many ids are kept.</summary>
    public int Count => _entries.Count;

    /// <summary>Reads what <see cref="Encode"/> gave.</summary>
    /// <param name="encoded">The log, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), a later version
    /// (<see cref="E2EError.UnsupportedVersion"/>), or over the capacity (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static LinkLog Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        int count = reader.ReadByte();
        if (count > Capacity)
        {
            throw new E2EException(E2EError.LimitExceeded);
        }

        var log = new LinkLog();
        for (int i = 0; i < count; i++)
        {
            byte[] id = reader.ReadBytes(LinkPayload.IdSize).ToArray();
            log._entries.Add((id, UnixTime.Read(ref reader)));
        }

        reader.ExpectEnd();
        return log;
    }

    /// <summary>The log, for the device's sealed store.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[1 + 1 + (_entries.Count * (LinkPayload.IdSize + 8))];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(Version);
        writer.WriteByte((byte)_entries.Count);
        foreach ((byte[] id, DateTimeOffset answeredAt) in _entries)
        {
            writer.WriteBytes(id);
            writer.WriteInt64(answeredAt.ToUnixTimeSeconds());
        }

        writer.ExpectFull();
        return encoded;
    }

    internal bool Has(ReadOnlySpan<byte> id)
    {
        foreach ((byte[] known, _) in _entries)
        {
            if (PublicBytes.Equal(known, id))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Keeps an id, and drops those whose requests nobody would read any more: a request is good for ten minutes from a clock that
    /// may be five ahead. One from a clock that was set back since stays until the capacity is reached.</summary>
    /// <exception cref="E2EException">The id is there (<see cref="E2EError.LinkRefused"/>).</exception>
    internal void Add(ReadOnlySpan<byte> id, DateTimeOffset now)
    {
        if (Has(id))
        {
            throw new E2EException(E2EError.LinkRefused, "The request was answered before.");
        }

        _entries.RemoveAll(entry => now - entry.AnsweredAt > LinkLifetime.Period + IdentityLimits.ClockTolerance);
        if (_entries.Count == Capacity)
        {
            _entries.RemoveAt(0);
        }

        _entries.Add((id.ToArray(), DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds())));
    }
}
