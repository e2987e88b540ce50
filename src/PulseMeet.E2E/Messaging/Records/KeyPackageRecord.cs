using System.Security.Cryptography;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Messaging;

/// <summary>Key packages that were made together, one for each suite, with their private keys.</summary>
/// <param name="IsLastResort">Whether they may be used more than once.</param>
/// <param name="IsPublished">Whether the relay has them.</param>
/// <param name="IsSuspect">Whether the store was put back since: a group that was joined by them may have been used already.</param>
/// <param name="MadeAt">When they were made.</param>
/// <param name="Keys">Each as <see cref="KeyPackageKeys.Serialize"/> gave it, with its secrets.</param>
internal sealed record KeyPackageRecord(bool IsLastResort, bool IsPublished, bool IsSuspect, DateTimeOffset MadeAt, IReadOnlyList<byte[]> Keys)
{
    private const byte Version = 1;

    /// <summary>For the store, with its secrets; the caller zeroes it.</summary>
    public byte[] Encode()
    {
        RecordWriter writer = new RecordWriter()
            .Byte(Version).Flag(IsLastResort).Flag(IsPublished).Flag(IsSuspect).Time(MadeAt).Byte((byte)Keys.Count);
        foreach (byte[] keys in Keys)
        {
            writer.Field(keys);
        }

        return writer.ToArray();
    }

    /// <summary>Zeroes the secrets.</summary>
    public void Zero()
    {
        foreach (byte[] keys in Keys)
        {
            CryptographicOperations.ZeroMemory(keys);
        }
    }

    public static KeyPackageRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        bool isLastResort = reader.ReadBoolean();
        bool isPublished = reader.ReadBoolean();
        bool isSuspect = reader.ReadBoolean();
        DateTimeOffset madeAt = ContentReading.Milliseconds(ref reader);
        var keys = new List<byte[]>();
        for (int left = reader.ReadByte(); left > 0; left--)
        {
            keys.Add(reader.ReadField());
        }

        reader.ExpectEnd();
        return new KeyPackageRecord(isLastResort, isPublished, isSuspect, madeAt, keys);
    }
}
