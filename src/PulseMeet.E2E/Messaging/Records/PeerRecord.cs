using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>What this device keeps of another device: the order of their sessions, and what bounds repairs.</summary>
/// <remarks>Not thread-safe: read, changed and written within one unit of work.</remarks>
internal sealed class PeerRecord
{
    /// <summary>The most session beginnings for repair in <see cref="RepairWindow"/>.</summary>
    public const int MaxRepairs = 10;

    /// <summary>The most messages that are sent again to a device in <see cref="AnswerWindow"/>.</summary>
    public const int MaxAnswers = 1000;

    /// <summary>How many envelopes are remembered as asked for.</summary>
    public const int MaxAsked = 256;

    public static readonly TimeSpan RepairWindow = TimeSpan.FromDays(1);
    public static readonly TimeSpan AnswerWindow = TimeSpan.FromHours(1);

    private const byte Version = 1;

    private readonly List<DateTimeOffset> _repairs = [];
    private readonly List<MessageId> _asked = [];
    private DateTimeOffset _answersFrom = DateTimeOffset.UnixEpoch;
    private int _answers;

    public PeerRecord()
        : this(new byte[X25519PublicKey.KeySize], new SessionBook())
    {
    }

    private PeerRecord(byte[] identityKey, SessionBook book)
    {
        IdentityKey = identityKey;
        Book = book;
    }

    /// <summary>The identity key that the sessions are with: 32 bytes; zeros while there is none.</summary>
    public byte[] IdentityKey { get; private set; }

    public SessionBook Book { get; }

    /// <summary>Whether no session that is there is written on any more: this device's store was rolled back.</summary>
    public bool IsRenewalWanted { get; set; }

    /// <summary>Whether the app was told that the device has no keys.</summary>
    public bool IsUnreachable { get; set; }

    /// <summary>Whether there is nothing in it that this device would not know without it: then it is not written. A contact may list ever other
    /// devices.</summary>
    public bool SaysNothing => Book.Entries.Count == 0 && !IsRenewalWanted && !IsUnreachable && _repairs.Count == 0 && _asked.Count == 0 && _answers == 0;

    /// <summary>Takes note of the device's identity key.</summary>
    /// <returns>The sessions with an earlier one, which are gone.</returns>
    public IReadOnlyList<SessionId> Observe(X25519PublicKey identityKey)
    {
        if (PublicBytes.Equal(identityKey.Span, IdentityKey))
        {
            return [];
        }

        IdentityKey = identityKey.ToArray();
        IsRenewalWanted = false;
        IsUnreachable = false;
        return Book.Clear();
    }

    /// <summary>Whether a session may be begun for repair now. One may; it is counted.</summary>
    public bool TryRepair(DateTimeOffset now)
    {
        _repairs.RemoveAll(at => now - at >= RepairWindow || at > now);
        if (_repairs.Count >= MaxRepairs)
        {
            return false;
        }

        _repairs.Add(now);
        return true;
    }

    /// <summary>Whether one more message may be sent again. One may; it is counted.</summary>
    public bool TryAnswer(DateTimeOffset now)
    {
        if (now - _answersFrom >= AnswerWindow || _answersFrom > now)
        {
            _answersFrom = now;
            _answers = 0;
        }

        return _answers < MaxAnswers && ++_answers > 0;
    }

    /// <summary>Whether an envelope is asked for the first time.</summary>
    public bool TryAsk(MessageId envelope)
    {
        if (_asked.Contains(envelope))
        {
            return false;
        }

        _asked.Add(envelope);
        if (_asked.Count > MaxAsked)
        {
            _asked.RemoveAt(0);
        }

        return true;
    }

    /// <summary>Notes that an envelope will not come again.</summary>
    /// <returns>Whether it was asked for.</returns>
    public bool EndAsking(MessageId envelope) => _asked.Remove(envelope);

    public byte[] Encode()
    {
        byte[] book = new byte[Book.GetSize()];
        var bookWriter = new SpanWriter(book);
        Book.Write(ref bookWriter);
        RecordWriter writer = new RecordWriter()
            .Byte(Version)
            .Bytes(IdentityKey)
            .Field(book)
            .Flag(IsRenewalWanted)
            .Flag(IsUnreachable)
            .Time(_answersFrom)
            .UInt16(_answers)
            .Byte((byte)_repairs.Count);
        _repairs.ForEach(at => writer.Time(at));
        writer.UInt16(_asked.Count);
        _asked.ForEach(id => writer.Id(id));
        return writer.ToArray();
    }

    public static PeerRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        byte[] identityKey = reader.ReadBytes(X25519PublicKey.KeySize).ToArray();
        var bookReader = new SpanReader(reader.ReadField());
        var record = new PeerRecord(identityKey, SessionBook.Read(ref bookReader))
        {
            IsRenewalWanted = reader.ReadBoolean(),
            IsUnreachable = reader.ReadBoolean(),
            _answersFrom = ContentReading.Milliseconds(ref reader),
            _answers = reader.ReadUInt16(),
        };
        bookReader.ExpectEnd();
        for (int left = reader.ReadByte(); left > 0; left--)
        {
            record._repairs.Add(ContentReading.Milliseconds(ref reader));
        }

        for (int left = reader.ReadUInt16(); left > 0; left--)
        {
            record._asked.Add(reader.ReadId());
        }

        reader.ExpectEnd();
        return record;
    }
}
