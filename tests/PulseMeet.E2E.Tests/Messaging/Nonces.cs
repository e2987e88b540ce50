using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What a cipher key's salt is in an envelope: two envelopes with one would share a key.</summary>
internal static class Nonces
{
    public static string Of(OutgoingEnvelope envelope)
    {
        ReadOnlySpan<byte> message = envelope.Content.Span[2..];
        ReadOnlySpan<byte> inner = RatchetSession.IsFirstMessage(message) ? FirstMessage.Read(message).Inner : message;
        return Convert.ToHexString(inner.Slice(RatchetMessage.NonceAt, 12));
    }
}
