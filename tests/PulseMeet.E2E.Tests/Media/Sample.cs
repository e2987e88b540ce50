using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Media;

namespace PulseMeet.E2E.Tests.Media;

/// <summary>Files to attack: short segments, so that a few kilobytes have many.</summary>
internal sealed record Sample(byte[] Content, byte[] Sealed, MediaReference Reference)
{
    public const int SegmentLength = MediaSealingOptions.MinSegmentLength;
    public const int PlaintextLength = SegmentLength - 32;
    public const int HeaderSize = 74;

    public static MediaDescription Description { get; } = new("media-1", MediaKind.Image);

    public static MediaSealingOptions Options { get; } = new() { SegmentLength = SegmentLength };

    /// <summary>FLOE alone.</summary>
    public static MediaSealingOptions Plain { get; } = Options with { WithDigest = false };

    public static MediaOpeningOptions WithoutDigest { get; } = new() { VerifyDigest = false };

    /// <summary>Two full segments and a short one.</summary>
    public static Sample OfThreeSegments(MediaSealingOptions? options = null) => Of((2 * PlaintextLength) + 1000, options);

    public static Sample Of(int length, MediaSealingOptions? options = null, MediaKey? key = null) =>
        Sealing(Bytes(length), options ?? Options, key);

    public static Sample Sealing(byte[] content, MediaSealingOptions options, MediaKey? key = null)
    {
        byte[] sealedFile = new byte[MediaSealer.GetSealedLength(content.Length, options)];
        using MediaKey own = MediaKey.Generate();
        MediaReference reference = MediaSealer.Seal(content, sealedFile, key ?? own, Description, options);
        return new Sample(content, sealedFile, reference);
    }

    public static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((i * 7) + (i >> 8)))];

    public byte[] Open(byte[] sealedFile, MediaOpeningOptions? options = null)
    {
        byte[] content = new byte[Reference.Length];
        MediaOpener.Open(Reference, sealedFile, content, options ?? WithoutDigest);
        return content;
    }

    /// <summary>Opens as a stream that does not know its length, and returns what was given out before the refusal.</summary>
    public (E2EError Reason, byte[] Released) RefuseStream(byte[] sealedFile, int workers = 1)
    {
        var released = new MemoryStream();
        var error = Assert.Throws<E2EException>(() => MediaOpener.OpenStream(
            Reference, new Trickle(sealedFile), released, WithoutDigest with { Workers = workers }));
        return (error.Reason, released.ToArray());
    }
}

/// <summary>A stream that cannot seek and gives uneven pieces, as a network does.</summary>
internal sealed class Trickle(byte[] bytes, int piece = 1499) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int taken = Math.Min(Math.Min(count, piece), bytes.Length - _position);
        Array.Copy(bytes, _position, buffer, offset, taken);
        _position += taken;
        return taken;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
