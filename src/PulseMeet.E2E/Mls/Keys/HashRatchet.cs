namespace PulseMeet.E2E.Mls;

/// <summary>A sender's ratchet of single-use keys within an epoch (RFC 9420, section 9.1): the next secret, and the keys of
/// generations that were passed over.</summary>
/// <remarks>A key is looked at first and consumed when its message has verified. Owns its secrets. Not thread-safe.</remarks>
internal sealed class HashRatchet(MlsSuite suite, MlsSecret secret, uint generation = 0) : IDisposable
{
    private readonly SortedDictionary<uint, KeptKey> _kept = [];
    private MlsSecret _secret = secret;

    /// <summary>The generation that the next step gives.</summary>
    public uint Generation { get; private set; } = generation;

    public int KeptCount => _kept.Count;

    /// <summary>The next key, for sealing; the ratchet moves on.</summary>
    /// <exception cref="E2EException">2^32 - 1 keys were given (<see cref="E2EError.ChainExhausted"/>).</exception>
    public MessageKey Next(out uint generation)
    {
        // The last generation has no next secret.
        if (Generation == uint.MaxValue)
        {
            throw new E2EException(E2EError.ChainExhausted);
        }

        generation = Generation;
        MessageKey key = Current();
        Advance();
        return key;
    }

    /// <summary>Passes over generations, up to one; their keys are kept like others that were passed over.</summary>
    public void Skip(uint count, uint max, int maxKept, long now)
    {
        for (; count > 0 && Generation < max; count--)
        {
            Keep(maxKept, now);
        }
    }

    /// <summary>The key of a generation, without consuming it. The caller disposes it and then consumes or not.</summary>
    /// <exception cref="E2EException">Used or dropped (<see cref="E2EError.DuplicateMessage"/>), or further ahead than
    /// <paramref name="maxAhead"/> (<see cref="E2EError.TooFarAhead"/>), which is found before any derivation.</exception>
    public MessageKey Look(uint generation, uint maxAhead)
    {
        if (generation < Generation)
        {
            return _kept.TryGetValue(generation, out KeptKey? kept)
                ? kept.Key.Copy()
                : throw new E2EException(E2EError.DuplicateMessage);
        }

        if (generation - Generation > maxAhead)
        {
            throw new E2EException(E2EError.TooFarAhead);
        }

        if (generation == Generation)
        {
            return Current();
        }

        using HashRatchet ahead = Copy();
        while (ahead.Generation < generation)
        {
            ahead.Advance();
        }

        return ahead.Current();
    }

    /// <summary>Deletes the key of a generation; those passed over are kept, the oldest dropped beyond
    /// <paramref name="maxKept"/>.</summary>
    /// <param name="generation">At most as far ahead as <see cref="Look"/> allowed.</param>
    /// <param name="maxKept">How many keys may be kept.</param>
    /// <param name="now">Unix seconds, from which the kept keys' age counts.</param>
    public void Consume(uint generation, int maxKept, long now)
    {
        if (_kept.Remove(generation, out KeptKey? used))
        {
            used.Key.Dispose();
            return;
        }

        while (Generation < generation)
        {
            Keep(maxKept, now);
        }

        Advance();
    }

    /// <summary>Deletes the kept keys that are older than a time. One from a clock that was ahead counts from now on.</summary>
    public void Expire(long now, long maxAge)
    {
        foreach ((uint generation, KeptKey kept) in _kept.ToArray())
        {
            if (kept.Since > now)
            {
                _kept[generation] = kept with { Since = now };
            }
            else if (now - kept.Since >= maxAge)
            {
                Drop(generation);
            }
        }
    }

    public void WriteTo(MlsWriter writer)
    {
        writer.WriteUInt32(Generation);
        _secret.WriteVector(writer);
        writer.WriteUInt32((uint)_kept.Count);
        foreach ((uint generation, KeptKey kept) in _kept)
        {
            writer.WriteUInt32(generation);
            writer.WriteUInt64((ulong)kept.Since);
            kept.Key.Key.WriteVector(writer);
            kept.Key.Nonce.WriteVector(writer);
        }
    }

    /// <exception cref="E2EException">A length or an order is wrong (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static HashRatchet ReadFrom(MlsSuite suite, ref MlsReader reader)
    {
        uint generation = reader.ReadUInt32();
        var ratchet = new HashRatchet(suite, MlsSecret.Read(ref reader, suite.SecretSize), generation);
        try
        {
            for (uint count = reader.ReadUInt32(); count > 0; count--)
            {
                uint passed = reader.ReadUInt32();
                ulong since = reader.ReadUInt64();
                if (passed >= generation || since > long.MaxValue || ratchet._kept.ContainsKey(passed))
                {
                    throw new E2EException(E2EError.InvalidEncoding, "A kept key is of no passed generation.");
                }

                MlsSecret key = MlsSecret.Read(ref reader, suite.Aead.KeySize);
                var kept = new MessageKey(key, MlsSecret.Read(ref reader, Primitives.Aead.NonceSize));
                ratchet._kept.Add(passed, new KeptKey(kept, (long)since));
            }

            return ratchet;
        }
        catch
        {
            ratchet.Dispose();
            throw;
        }
    }

    /// <summary>The ratchet as it stands, without the kept keys.</summary>
    private HashRatchet Copy() => new(suite, _secret.Copy(), Generation);

    public void Dispose()
    {
        _secret.Dispose();
        foreach (KeptKey kept in _kept.Values)
        {
            kept.Key.Dispose();
        }

        _kept.Clear();
    }

    private void Keep(int maxKept, long now)
    {
        _kept.Add(Generation, new KeptKey(Current(), now));
        Advance();
        if (_kept.Count > maxKept)
        {
            Drop(_kept.Keys.First());
        }
    }

    private void Drop(uint generation)
    {
        _kept.Remove(generation, out KeptKey? dropped);
        dropped!.Key.Dispose();
    }

    /// <summary>The key of <see cref="Generation"/>.</summary>
    private MessageKey Current() => new(
        suite.DeriveTreeSecret(_secret, "key"u8, Generation, suite.Aead.KeySize),
        suite.DeriveTreeSecret(_secret, "nonce"u8, Generation, Primitives.Aead.NonceSize));

    /// <summary>Replaces the secret with the next one: the key of this generation cannot be derived any more.</summary>
    private void Advance()
    {
        if (Generation == uint.MaxValue)
        {
            throw new E2EException(E2EError.ChainExhausted);
        }

        MlsSecret next = suite.DeriveTreeSecret(_secret, "secret"u8, Generation, suite.SecretSize);
        _secret.Dispose();
        _secret = next;
        Generation++;
    }
}

/// <summary>A key that was passed over, and since when (Unix seconds).</summary>
internal sealed record KeptKey(MessageKey Key, long Since);

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
