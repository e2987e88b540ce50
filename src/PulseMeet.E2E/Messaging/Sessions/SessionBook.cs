using PulseMeet.E2E.Encoding;

namespace PulseMeet.E2E.Messaging;

/// <summary>The sessions with one device: the one that is written on, and older ones for late messages.</summary>
/// <remarks>
/// Whoever begins a session gives it a generation: above those of all sessions that it knows of with that device, and not below
/// the Unix time. The active session is the one of the highest generation, and of two alike the one with the smaller id. That is a
/// total order over what both devices know alike, so that, whoever began what and in whichever order it arrives, both write on
/// the same session as soon as both have the same ones, and its ratchet turns. A pure state machine, not thread-safe.
/// docs/protocol-messaging.md, "Sessions".
/// </remarks>
internal sealed class SessionBook
{
    /// <summary>The most sessions that are kept beside the active one.</summary>
    public const int MaxOlder = 5;

    /// <summary>How long a session that is not active is kept after its last use.</summary>
    public static readonly TimeSpan MaxOlderAge = TimeSpan.FromDays(30);

    private readonly List<SessionEntry> _entries = [];

    /// <summary>The active one first, then downwards.</summary>
    public IReadOnlyList<SessionEntry> Entries => _entries;

    public SessionEntry? Active => _entries.Count > 0 ? _entries[0] : null;

    /// <summary>The generation of a session that is begun here now.</summary>
    public ulong NextGeneration(DateTimeOffset now)
    {
        ulong time = (ulong)Math.Max(1, now.ToUnixTimeSeconds());
        ulong highest = Active?.Generation ?? 0;
        return Math.Max(time, highest == ulong.MaxValue ? highest : highest + 1);
    }

    /// <summary>Notes a session that was begun here or by the other device.</summary>
    /// <returns>The sessions that are dropped for it; never the new one where it is active.</returns>
    public IReadOnlyList<SessionId> Add(SessionId id, ulong generation, DateTimeOffset now)
    {
        var entry = new SessionEntry(id, generation, now);
        int place = _entries.FindIndex(entry.IsAbove);
        _entries.Insert(place < 0 ? _entries.Count : place, entry);
        return Trim(now, keep: id);
    }

    /// <summary>Notes that a message was received on a session.</summary>
    public void Received(SessionId id, DateTimeOffset now)
    {
        int index = _entries.FindIndex(entry => entry.Id == id);
        if (index >= 0)
        {
            _entries[index] = _entries[index] with { LastUsedAt = now };
        }
    }

    /// <summary>Takes everything out: the device has other keys now, or this device's store was rolled back.</summary>
    public IReadOnlyList<SessionId> Clear()
    {
        SessionId[] all = [.. _entries.Select(entry => entry.Id)];
        _entries.Clear();
        return all;
    }

    /// <summary>Drops what is past its number or its age. A clock that was ahead leaves nothing for ever: what was used in the
    /// future counts as used now.</summary>
    public IReadOnlyList<SessionId> Trim(DateTimeOffset now, SessionId? keep = null)
    {
        for (int i = 0; i < _entries.Count; i++)
        {
            if (_entries[i].LastUsedAt > now)
            {
                _entries[i] = _entries[i] with { LastUsedAt = now };
            }
        }

        var dropped = new List<SessionId>();
        for (int i = _entries.Count - 1; i > 0; i--)
        {
            bool isTooMany = _entries.Count > MaxOlder + 1 && _entries[i].Id != keep;
            if (isTooMany || IsTooOld(_entries[i], now))
            {
                dropped.Add(_entries[i].Id);
                _entries.RemoveAt(i);
            }
        }

        return dropped;
    }

    /// <summary>Whether <see cref="Trim"/> would change anything.</summary>
    public bool IsTrimmingDue(DateTimeOffset now) =>
        _entries.Count > MaxOlder + 1
        || _entries.Exists(entry => entry.LastUsedAt > now)
        || _entries.Skip(1).Any(entry => IsTooOld(entry, now));

    private static bool IsTooOld(SessionEntry entry, DateTimeOffset now) => now - entry.LastUsedAt >= MaxOlderAge;

    public void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)_entries.Count);
        foreach (SessionEntry entry in _entries)
        {
            entry.Id.Write(ref writer);
            writer.WriteUInt64(entry.Generation);
            writer.WriteInt64(entry.BegunAt.ToUnixTimeMilliseconds());
            writer.WriteInt64(entry.LastUsedAt.ToUnixTimeMilliseconds());
        }
    }

    /// <summary>Length of the encoding, in bytes.</summary>
    public int GetSize() => 1 + (_entries.Count * (SessionId.Size + 8 + 8 + 8));

    public static SessionBook Read(ref SpanReader reader)
    {
        var book = new SessionBook();
        for (int left = reader.ReadByte(); left > 0; left--)
        {
            book._entries.Add(new SessionEntry(SessionId.Read(ref reader), reader.ReadUInt64(), ContentReading.Milliseconds(ref reader))
            {
                LastUsedAt = ContentReading.Milliseconds(ref reader),
            });
        }

        return book;
    }
}
