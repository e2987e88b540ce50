using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>What a body is bound to: the session, everything that stands before it in the message, the app's own data.</summary>
/// <remarks>CONCAT(AD, enc_header) of Double Ratchet, section 4.4. The first two parts have fixed lengths, so that no two
/// triples give the same bytes.</remarks>
internal static class BodyAssociatedData
{
    /// <summary>With the hash of a first message's header, in bytes.</summary>
    public const int MaxSize = Sha256.Size + RatchetMessage.BodyAt + Sha256.Size + RatchetLimits.MaxAssociatedData;

    public static ReadOnlySpan<byte> Write(
        ReadOnlySpan<byte> session, ReadOnlySpan<byte> message, ReadOnlySpan<byte> app, Span<byte> destination)
    {
        session.CopyTo(destination);
        message[..RatchetMessage.BodyAt].CopyTo(destination[Sha256.Size..]);
        app.CopyTo(destination[(Sha256.Size + RatchetMessage.BodyAt)..]);
        return destination[..(Sha256.Size + RatchetMessage.BodyAt + app.Length)];
    }

    /// <summary>What a header is bound to: the session and the message's version and type.</summary>
    public static ReadOnlySpan<byte> WriteForHeader(
        ReadOnlySpan<byte> session, ReadOnlySpan<byte> message, Span<byte> destination)
    {
        session.CopyTo(destination);
        message[..RatchetMessage.PrefixSize].CopyTo(destination[Sha256.Size..]);
        return destination[..(Sha256.Size + RatchetMessage.PrefixSize)];
    }
}
