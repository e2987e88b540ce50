namespace PulseMeet.E2E.Ratchet;

/// <summary>A session that a first message began, and that message's plaintext.</summary>
/// <param name="session">The session; the receiver disposes it.</param>
/// <param name="plaintext">What the first message said.</param>
public sealed class AcceptedSession(RatchetSession session, ReadOnlyMemory<byte> plaintext)
{
    /// <summary>The session; the receiver disposes it.</summary>
    public RatchetSession Session { get; } = session;

    /// <summary>What the first message said.</summary>
    public ReadOnlyMemory<byte> Plaintext { get; } = plaintext;
}
