using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Derivation;

/// <summary>One epoch in the cache: derived by the first who asks, while the others wait for it; copied for each of them.</summary>
/// <remarks>Thread-safe. Callers have copies of their own, so that zeroing these takes nobody's keys away.</remarks>
internal sealed class CachedConversationKeys(CachedConversationKeys.Id id, DateTimeOffset since) : IDisposable
{
    private readonly Lock _lock = new();
    private ConversationKeys? _keys;
    private bool _dropped;

    /// <summary>Whose keys they are. The own public key stands for the own private key.</summary>
    public sealed record Id(X25519PublicKey Own, X25519PublicKey Peer, ConversationContext Context);

    public Id Key { get; } = id;

    public DateTimeOffset Since { get; } = since;

    public ConversationKeys Copy(IKeyDerivationService derivation, X25519KeyPair own)
    {
        lock (_lock)
        {
            if (_dropped)
            {
                return derivation.DeriveConversationKeys(own, Key.Peer, Key.Context);
            }

            _keys ??= derivation.DeriveConversationKeys(own, Key.Peer, Key.Context);
            return _keys.Copy();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _dropped = true;
            _keys?.Dispose();
            _keys = null;
        }
    }
}
