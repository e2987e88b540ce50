using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>How the app stands to a user.</summary>
internal enum Standing : byte
{
    /// <summary>The user has written, or is known for another reason, and nobody has said yes or no.</summary>
    Unanswered = 0,

    Accepted = 1,

    Blocked = 2,
}

/// <summary>What this device knows of a user, itself included: the account key, the newest device list, and how the app stands
/// to the user.</summary>
/// <param name="Contact">The account key and whether it was verified.</param>
/// <param name="Standing">What the app said.</param>
/// <param name="List">The newest device list seen under that key.</param>
/// <param name="FetchedAt">When the relay was last asked for the list.</param>
/// <remarks>Immutable.</remarks>
internal sealed record UserRecord(ContactVerification Contact, Standing Standing, DeviceList List, DateTimeOffset FetchedAt)
{
    private const byte Version = 2;

    /// <summary>Whether something hinted at a newer list: it is asked for at the next opportunity.</summary>
    public bool IsRefreshWanted { get; init; }

    /// <summary>Whether the app was told that the user has written.</summary>
    public bool IsRequestTold { get; init; }

    /// <summary>The number of the list that the app was told to be suspicious of.</summary>
    public long SuspiciousNumber { get; init; }

    /// <summary>When the standing was last said, here or on another device of one's own.</summary>
    public DateTimeOffset StandingAt { get; init; } = DateTimeOffset.UnixEpoch;

    public string UserId => Contact.Account.UserId;

    public ListView View => new(List.Number, List.Hash.ToArray());

    public byte[] Encode() => new RecordWriter()
        .Byte(Version)
        .Field(Contact.Encode())
        .Byte((byte)Standing)
        .Field(List.Encode())
        .Time(FetchedAt)
        .Flag(IsRefreshWanted)
        .Flag(IsRequestTold)
        .Int64(SuspiciousNumber)
        .Time(StandingAt)
        .ToArray();

    public static UserRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new UserRecord(
            ContactVerification.Decode(reader.ReadField()),
            (Standing)reader.ReadByte(),
            DeviceList.Decode(reader.ReadField()),
            ContentReading.Milliseconds(ref reader))
        {
            IsRefreshWanted = reader.ReadBoolean(),
            IsRequestTold = reader.ReadBoolean(),
            SuspiciousNumber = reader.ReadInt64(),
            StandingAt = ContentReading.Milliseconds(ref reader),
        };
        reader.ExpectEnd();
        return record;
    }
}
