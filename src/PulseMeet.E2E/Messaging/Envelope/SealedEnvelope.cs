using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Messaging;

/// <summary>What goes through the relay: a version, a kind, and a message of the session of two devices.</summary>
/// <remarks>docs/protocol-messaging.md, "Envelope". The session authenticates the envelope's kind and id and both devices with
/// it, so that the relay cannot pass one off as another.</remarks>
internal static class SealedEnvelope
{
    /// <summary>A content that is stored until it is acknowledged.</summary>
    public const byte Stored = 1;

    /// <summary>A signal: passed on at once or lost.</summary>
    public const byte Passing = 2;

    /// <summary>Length of an envelope's id, in bytes.</summary>
    public const int IdSize = 16;

    private const byte Version = 1;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 envelope"u8;

    public static byte[] Encode(byte kind, ReadOnlySpan<byte> message)
    {
        byte[] envelope = new byte[2 + message.Length];
        envelope[0] = Version;
        envelope[1] = kind;
        message.CopyTo(envelope.AsSpan(2));
        return envelope;
    }

    /// <summary>The message in an envelope of a kind.</summary>
    /// <exception cref="E2EException">Too short or of another kind (<see cref="E2EError.InvalidEncoding"/>), or of another
    /// version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static ReadOnlyMemory<byte> Decode(byte kind, ReadOnlyMemory<byte> envelope)
    {
        var reader = new SpanReader(envelope.Span);
        reader.ExpectVersion(Version);
        if (reader.ReadByte() != kind)
        {
            throw new E2EException(E2EError.InvalidEncoding, "An envelope of another kind.");
        }

        return envelope[2..];
    }

    /// <summary>What the session authenticates beside the message.</summary>
    /// <param name="kind">The envelope's kind.</param>
    /// <param name="id">The envelope's id: 16 bytes.</param>
    /// <param name="sender">Who sends it.</param>
    /// <param name="recipient">Whom it is for.</param>
    public static byte[] AssociatedData(byte kind, ReadOnlySpan<byte> id, DeviceAddress sender, DeviceAddress recipient)
    {
        var writer = new SpanWriter(stackalloc byte[1 + IdSize + (2 * ContentReading.MaxAddressSize)]);
        writer.WriteByte(kind);
        writer.WriteBytes(id);
        writer.WriteText16(sender.UserId);
        writer.WriteText16(sender.DeviceId);
        writer.WriteText16(recipient.UserId);
        writer.WriteText16(recipient.DeviceId);
        return LabelledContent.Of(Label, writer.WrittenSpan);
    }
}
