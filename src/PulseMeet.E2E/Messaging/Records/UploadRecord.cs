using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>A file whose upload has begun, and what gives its sealed bytes once more.</summary>
/// <param name="BegunAt">When it was begun.</param>
/// <param name="MediaId">16 bytes.</param>
/// <param name="Key">The media key, the IV and the key of the nonces: 32 bytes each; secret.</param>
internal sealed record UploadRecord(DateTimeOffset BegunAt, byte[] MediaId, byte[] Key)
{
    /// <summary>How long an upload can be taken up.</summary>
    public static readonly TimeSpan MaxAge = TimeSpan.FromDays(7);

    /// <summary>Length of a media id, in bytes.</summary>
    public const int IdSize = 16;

    private const byte Version = 1;
    private const int KeySize = MediaKey.KeySize + FloeParameters.IvSize + SegmentNonces.KeySize;

    /// <summary>The media key: 32 bytes.</summary>
    public ReadOnlySpan<byte> FileKey => Key.AsSpan(0, MediaKey.KeySize);

    public ReadOnlySpan<byte> Iv => Key.AsSpan(MediaKey.KeySize, FloeParameters.IvSize);

    public ReadOnlySpan<byte> NonceKey => Key.AsSpan(MediaKey.KeySize + FloeParameters.IvSize);

    public static UploadRecord Begin(DateTimeOffset now)
    {
        var record = new UploadRecord(now, new byte[IdSize], new byte[KeySize]);
        Randomness.Fill(record.MediaId);
        Randomness.Fill(record.Key);
        return record;
    }

    /// <summary>Has secrets in it.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[1 + 8 + IdSize + KeySize];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(Version);
        writer.WriteInt64(BegunAt.ToUnixTimeMilliseconds());
        writer.WriteBytes(MediaId);
        writer.WriteBytes(Key);
        writer.ExpectFull();
        return encoded;
    }

    /// <summary>When it was begun, without a copy of its keys.</summary>
    public static DateTimeOffset BegunAtOf(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        return ContentReading.Milliseconds(ref reader);
    }

    public static UploadRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new SpanReader(bytes);
        reader.ExpectVersion(Version);
        var record = new UploadRecord(
            ContentReading.Milliseconds(ref reader), reader.ReadBytes(IdSize).ToArray(), reader.ReadBytes(KeySize).ToArray());
        reader.ExpectEnd();
        return record;
    }
}
