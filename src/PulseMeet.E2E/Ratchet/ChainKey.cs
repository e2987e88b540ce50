using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>
/// A chain key of the symmetric-key ratchet. Each step gives one message key and replaces the chain key, so that a key seen
/// later says nothing about messages sent earlier.
/// </summary>
/// <remarks>
/// Double Ratchet, section 5.2: KDF_CK is HMAC-SHA-256 keyed with the chain key, over 0x01 for the message key and 0x02 for
/// the next chain key. Owns 32 secret bytes; not thread-safe.
/// </remarks>
internal sealed class ChainKey : IDisposable
{
    /// <summary>Length of a chain key and of a message key, in bytes.</summary>
    public const int Size = 32;

    private readonly SecretBytes _key;

    /// <param name="key">32 bytes; copied, so the caller zeroes its own.</param>
    /// <param name="index">The number of the message that the next step gives the key for.</param>
    public ChainKey(ReadOnlySpan<byte> key, uint index)
    {
        Argument.HasLength(key, Size);
        _key = SecretBytes.CopyOf(key);
        Index = index;
    }

    public uint Index { get; private set; }

    public SecretScope Use() => _key.Use();

    public void CopyTo(Span<byte> chainKey) => _key.CopyTo(chainKey);

    private static ReadOnlySpan<byte> MessageKeyInput => [0x01];

    private static ReadOnlySpan<byte> NextChainKeyInput => [0x02];

    /// <summary>Writes the key of message <see cref="Index"/> and moves on to the next.</summary>
    /// <param name="messageKey">32 bytes; the caller uses them once and zeroes them.</param>
    /// <exception cref="E2EException">The chain has given 2^32 - 1 keys (<see cref="E2EError.ChainExhausted"/>).</exception>
    public void Step(Span<byte> messageKey)
    {
        Argument.HasLength(messageKey, Size);
        if (Index == uint.MaxValue)
        {
            throw new E2EException(E2EError.ChainExhausted);
        }

        using SecretScope key = _key.Use();
        Step(key.Span, messageKey);
        Index++;
    }

    /// <summary>One step over a chain key in the caller's own memory: a trial that may have to be forgotten.</summary>
    public static void Step(Span<byte> chainKey, Span<byte> messageKey)
    {
        Hmac.Sha256(chainKey, MessageKeyInput, messageKey);
        Hmac.Sha256(chainKey, NextChainKeyInput, chainKey);
    }

    /// <summary>Takes over where a trial has come to.</summary>
    public void Advance(ReadOnlySpan<byte> chainKey, uint index)
    {
        _key.Set(chainKey);
        Index = index;
    }

    public void Dispose() => _key.Dispose();
}
