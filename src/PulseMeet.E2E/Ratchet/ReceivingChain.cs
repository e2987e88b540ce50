using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>A chain of the peer's messages: the key that recognises them, and the chain key while it is the current one.</summary>
/// <remarks>A closed chain keeps its header key, so that late messages and duplicates are told from forgeries; its chain key
/// is gone. Not thread-safe.</remarks>
internal sealed class ReceivingChain : IDisposable
{
    private ChainKey? _chainKey;
    private uint _length;

    /// <param name="id">Tells this chain's skipped keys from other chains'.</param>
    /// <param name="headerKey">32 bytes; copied.</param>
    /// <param name="chainKey">Taken over; null for a closed chain.</param>
    /// <param name="length">For a closed chain, how many messages it has.</param>
    /// <param name="closedAt">When the chain was closed; null while it is open.</param>
    public ReceivingChain(ulong id, ReadOnlySpan<byte> headerKey, ChainKey? chainKey, uint length, DateTimeOffset? closedAt)
    {
        Id = id;
        HeaderKey = SecretBytes.CopyOf(headerKey);
        _chainKey = chainKey;
        _length = length;
        ClosedAt = closedAt;
    }

    public ulong Id { get; }

    public SecretBytes HeaderKey { get; }

    /// <summary>Null once the chain is closed.</summary>
    public ChainKey? ChainKey => _chainKey;

    public DateTimeOffset? ClosedAt { get; private set; }

    /// <summary>The number of the next message that has no key yet; for a closed chain, its length.</summary>
    public uint Next => _chainKey?.Index ?? _length;

    /// <summary>Forgets the chain key: no message of this chain is to come that has no stored key.</summary>
    public void Close(uint length, DateTimeOffset now)
    {
        _length = length;
        ClosedAt = now;
        _chainKey?.Dispose();
        _chainKey = null;
    }

    public void Dispose()
    {
        HeaderKey.Dispose();
        _chainKey?.Dispose();
    }
}
