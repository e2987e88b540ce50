using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Derivation;

/// <summary>Keeps the keys of the conversations that were used last, for a limited time.</summary>
/// <remarks>Any number of callers that ask for one epoch at once cause one derivation. Keys are zeroed when they go: past the capacity,
/// past their time, with <see cref="Clear"/> and on dispose. Thread-safe; no derivation runs while the cache is locked.</remarks>
public sealed class ConversationKeyCache : IConversationKeyCache, IDisposable
{
    private readonly Lock _lock = new();
    private readonly IKeyDerivationService _derivation;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly int _capacity;
    private readonly TimeSpan _expiry;
    private readonly long _rotationSeconds;
    private readonly Dictionary<CachedConversationKeys.Id, LinkedListNode<CachedConversationKeys>> _entries = [];
    private readonly LinkedList<CachedConversationKeys> _byUse = [];
    private bool _disposed;

    /// <param name="derivation">Derives what is not there. Not disposed.</param>
    /// <param name="options">Capacity, expiry and rotation; read once.</param>
    /// <param name="time">The clock, and the timer that drops what is past its time though nobody asks.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public ConversationKeyCache(IKeyDerivationService derivation, ConversationKeyCacheOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(derivation);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        _derivation = derivation;
        _time = time;
        _capacity = options.Capacity;
        _expiry = options.Expiry;
        _rotationSeconds = (long)options.RotationInterval.TotalSeconds;
        _timer = time.CreateTimer(static cache => ((ConversationKeyCache)cache!).DropExpired(), this, _expiry / 4, _expiry / 4);
    }

    /// <summary>How many epochs of conversations are kept.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <inheritdoc/>
    public ConversationKeys GetCurrent(
        X25519KeyPair own, X25519PublicKey peer, string conversationId, ConversationKind kind = ConversationKind.Direct)
    {
        long seconds = Math.Max(0, _time.GetUtcNow().ToUnixTimeSeconds());
        return GetEpoch(own, peer, new ConversationContext(conversationId, kind, (ulong)(seconds / _rotationSeconds)));
    }

    /// <inheritdoc/>
    public ConversationKeys GetEpoch(X25519KeyPair own, X25519PublicKey peer, ConversationContext context)
    {
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(context);
        CachedConversationKeys entry = Find(new(own.PublicKey, peer, context));
        try
        {
            return entry.Copy(_derivation, own);
        }
        catch
        {
            Drop(entry);
            throw;
        }
    }

    /// <inheritdoc/>
    public void Clear() => DropWhere(static _ => true);

    /// <summary>Zeroes what is past its time. A timer calls it, four times in each such time.</summary>
    public void DropExpired()
    {
        DateTimeOffset now = _time.GetUtcNow();
        DropWhere(entry => IsExpired(entry, now));
    }

    /// <summary>Zeroes everything, and serves no more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _timer.Dispose();
        Clear();
    }

    /// <summary>A clock that was set back keeps nothing longer: what is from the future is past its time.</summary>
    private bool IsExpired(CachedConversationKeys entry, DateTimeOffset now) =>
        entry.Since > now || now - entry.Since >= _expiry;

    private CachedConversationKeys Find(CachedConversationKeys.Id id)
    {
        DateTimeOffset now = _time.GetUtcNow();
        CachedConversationKeys? dropped = null;
        CachedConversationKeys found;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_entries.TryGetValue(id, out LinkedListNode<CachedConversationKeys>? node))
            {
                _byUse.Remove(node);
                if (!IsExpired(node.Value, now))
                {
                    _byUse.AddFirst(node);
                    return node.Value;
                }

                dropped = node.Value;
                _entries.Remove(id);
            }
            else if (_entries.Count == _capacity)
            {
                dropped = _byUse.Last!.Value;
                _entries.Remove(dropped.Key);
                _byUse.RemoveLast();
            }

            found = new CachedConversationKeys(id, now);
            _entries.Add(id, _byUse.AddFirst(found));
        }

        dropped?.Dispose();
        return found;
    }

    private void Drop(CachedConversationKeys entry) => DropWhere(other => ReferenceEquals(other, entry));

    private void DropWhere(Func<CachedConversationKeys, bool> isDropped)
    {
        var dropped = new List<CachedConversationKeys>();
        lock (_lock)
        {
            for (LinkedListNode<CachedConversationKeys>? node = _byUse.First; node is not null;)
            {
                LinkedListNode<CachedConversationKeys>? next = node.Next;
                if (isDropped(node.Value))
                {
                    _entries.Remove(node.Value.Key);
                    _byUse.Remove(node);
                    dropped.Add(node.Value);
                }

                node = next;
            }
        }

        dropped.ForEach(entry => entry.Dispose());
    }
}
