namespace PulseMeet.E2E.Mls;

/// <summary>A sender's ratchet of single-use keys within an epoch (RFC 9420, section 9.1): the next secret, and the keys of
/// generations that were passed over.</summary>
/// <remarks>A key is looked at first and consumed when its message has verified. Owns its secrets. Not thread-safe.</remarks>
internal sealed class HashRatchet(MlsSuite suite, MlsSecret secret, uint generation = 0) : IDisposable
{
    private readonly SortedDictionary<uint, MessageKey> _kept = [];
    private MlsSecret _secret = secret;

    /// <summary>The generation that the next step gives.</summary>
    public uint Generation { get; private set; } = generation;

    public int KeptCount => _kept.Count;

    /// <summary>The next key, for sealing; the ratchet moves on.</summary>
    /// <exception cref="E2EException">2^32 - 1 keys were given (<see cref="E2EError.ChainExhausted"/>).</exception>
    public MessageKey Next(out uint generation)
    {
        generation = Generation;
        return Step();
    }

    /// <summary>The key of a generation, without consuming it. The caller disposes it and then consumes or not.</summary>
    /// <exception cref="E2EException">Used or dropped (<see cref="E2EError.DuplicateMessage"/>), or further ahead than
    /// <paramref name="maxAhead"/> (<see cref="E2EError.TooFarAhead"/>), which is found before any derivation.</exception>
    public MessageKey Look(uint generation, uint maxAhead)
    {
        if (generation < Generation)
        {
            return _kept.TryGetValue(generation, out MessageKey? kept)
                ? kept.Copy()
                : throw new E2EException(E2EError.DuplicateMessage);
        }

        if (generation - Generation > maxAhead)
        {
            throw new E2EException(E2EError.TooFarAhead);
        }

        using var ahead = new HashRatchet(suite, _secret.Copy(), Generation);
        while (ahead.Generation < generation)
        {
            ahead.Step().Dispose();
        }

        return ahead.Step();
    }

    /// <summary>Deletes the key of a generation; those passed over are kept, the oldest dropped beyond
    /// <paramref name="maxKept"/>.</summary>
    public void Consume(uint generation, int maxKept)
    {
        if (_kept.Remove(generation, out MessageKey? used))
        {
            used.Dispose();
            return;
        }

        while (Generation < generation)
        {
            uint passed = Generation;
            _kept.Add(passed, Step());
            if (_kept.Count > maxKept)
            {
                uint oldest = _kept.Keys.First();
                _kept.Remove(oldest, out MessageKey? dropped);
                dropped!.Dispose();
            }
        }

        Step().Dispose();
    }

    public void WriteTo(MlsWriter writer)
    {
        writer.WriteUInt32(Generation);
        _secret.WriteVector(writer);
        writer.WriteUInt32((uint)_kept.Count);
        foreach ((uint kept, MessageKey key) in _kept)
        {
            writer.WriteUInt32(kept);
            key.Key.WriteVector(writer);
            key.Nonce.WriteVector(writer);
        }
    }

    public static HashRatchet ReadFrom(MlsSuite suite, ref MlsReader reader)
    {
        uint generation = reader.ReadUInt32();
        var ratchet = new HashRatchet(suite, MlsSecret.CopyOf(reader.ReadVector()), generation);
        for (uint count = reader.ReadUInt32(); count > 0; count--)
        {
            ratchet._kept.Add(
                reader.ReadUInt32(),
                new MessageKey(MlsSecret.CopyOf(reader.ReadVector()), MlsSecret.CopyOf(reader.ReadVector())));
        }

        return ratchet;
    }

    public void Dispose()
    {
        _secret.Dispose();
        foreach (MessageKey key in _kept.Values)
        {
            key.Dispose();
        }

        _kept.Clear();
    }

    private MessageKey Step()
    {
        if (Generation == uint.MaxValue)
        {
            throw new E2EException(E2EError.ChainExhausted);
        }

        var key = new MessageKey(
            suite.DeriveTreeSecret(_secret, "key"u8, Generation, suite.Aead.KeySize),
            suite.DeriveTreeSecret(_secret, "nonce"u8, Generation, Primitives.Aead.NonceSize));
        MlsSecret next = suite.DeriveTreeSecret(_secret, "secret"u8, Generation, suite.SecretSize);
        _secret.Dispose();
        _secret = next;
        Generation++;
        return key;
    }
}

/// <summary>The key and nonce of one message.</summary>
internal sealed class MessageKey(MlsSecret key, MlsSecret nonce) : IDisposable
{
    public MlsSecret Key { get; } = key;

    public MlsSecret Nonce { get; } = nonce;

    public MessageKey Copy() => new(Key.Copy(), Nonce.Copy());

    public void Dispose()
    {
        Key.Dispose();
        Nonce.Dispose();
    }
}
