using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The private prekeys of a device, by id. Not thread-safe; <see cref="DevicePreKeys"/> locks.</summary>
internal sealed class PreKeyVault : IDisposable
{
    /// <summary>The most one-time pairs that are held: those of the directory and those that were claimed and never used. The
    /// oldest go first.</summary>
    public const int MaxOneTimeHeld = 4 * PreKeyOptions.MaxOneTimePairs;

    /// <summary>The most generations that are held; the oldest goes first. A full list of first messages makes at most one a
    /// day.</summary>
    public const int MaxGenerations = 64;

    /// <summary>The greatest id that a clock gives: a clock of the far future leaves 294 million ids behind it.</summary>
    private const uint MaxIdFromClock = 4_000_000_000;

    /// <summary>Newest first; the first one is current.</summary>
    public List<PreKeyGeneration> Generations { get; } = [];

    public SortedDictionary<uint, HeldPreKeyPair> OneTimePairs { get; } = [];

    /// <summary>Signed and one-time pairs count together and no id is given twice. Not below the Unix seconds, so that a device that
    /// was restored from an old copy does not fall behind what it has published.</summary>
    public uint NextId { get; set; } = 1;

    public PreKeyGeneration Current => Generations[0];

    public void AddCurrent(Ed25519KeyPair signer, DateTimeOffset now, SharedProfile profile)
    {
        // Made first: where that fails, the old one has to stay the current one.
        PreKeyGeneration next = PreKeyGeneration.Create(signer, TakeId(now), now, profile);
        if (Generations.Count > 0)
        {
            Current.RetiredAt = now;
        }

        Generations.Insert(0, next);
        if (Generations.Count > MaxGenerations)
        {
            Drop(Generations.Count - 1);
        }
    }

    /// <summary>Forgets the generations that were retired longer than that ago, with their one-time pairs and all they accepted. A
    /// retirement in the future, from a clock that was ahead and has been set back, counts as one now.</summary>
    public void DropRetired(DateTimeOffset now, TimeSpan period)
    {
        foreach (PreKeyGeneration generation in Generations)
        {
            if (generation.RetiredAt > now)
            {
                generation.RetiredAt = now;
            }
        }

        for (int i = Generations.Count - 1; i > 0 && now - Generations[i].RetiredAt > period; i--)
        {
            Drop(i);
        }
    }

    /// <summary>Makes one-time pairs of the current generation.</summary>
    public IReadOnlyList<OneTimePreKeyPair> AddOneTimePairs(int count, Ed25519KeyPair signer, DateTimeOffset now)
    {
        var added = new List<OneTimePreKeyPair>();
        for (int i = 0; i < count; i++)
        {
            added.Add(AddOneTimePair(signer, now));
        }

        return added;
    }

    /// <summary>Finds the private keys for a first message. Looks things up alone: no curve is touched.</summary>
    /// <exception cref="E2EException">It was accepted before (<see cref="E2EError.ReplayedHandshake"/>), names a pair that is not held
    /// (<see cref="E2EError.UnknownPreKey"/>), or its sender has no room left (<see cref="E2EError.LimitExceeded"/>).</exception>
    /// <param name="names">The pairs that the first message names.</param>
    /// <param name="ephemeralKey">The initiator's ephemeral key, which is accepted once.</param>
    /// <param name="sender">Whose first message it is.</param>
    public Selection Select(PreKeyNames names, X25519PublicKey ephemeralKey, FirstMessageSender sender)
    {
        if (Generations.Exists(generation => generation.Accepted.Contains(ephemeralKey)))
        {
            throw new E2EException(E2EError.ReplayedHandshake);
        }

        PreKeyGeneration signed = Generations.Find(generation => generation.Id == names.SignedPairId)
            ?? throw new E2EException(E2EError.UnknownPreKey);
        if (names.OneTimePairId is not { } id)
        {
            signed.Accepted.CheckRoom(sender);
            return new Selection(signed.Pair, null);
        }

        return OneTimePairs.TryGetValue(id, out HeldPreKeyPair? oneTime) && oneTime.Generation == signed.Id
            ? new Selection(signed.Pair, oneTime)
            : throw new E2EException(E2EError.UnknownPreKey);
    }

    /// <summary>Deletes the one-time pair and remembers the first message.</summary>
    public void MarkUsed(PreKeyNames names, X25519PublicKey ephemeralKey, FirstMessageSender sender)
    {
        if (names.OneTimePairId is { } id && OneTimePairs.Remove(id, out HeldPreKeyPair? oneTime))
        {
            oneTime.Dispose();
        }

        Generations.Find(generation => generation.Id == names.SignedPairId)!
            .Accepted.Add(ephemeralKey, sender, names.OneTimePairId.HasValue);
    }

    public void Dispose()
    {
        Generations.ForEach(generation => generation.Dispose());
        foreach (HeldPreKeyPair pair in OneTimePairs.Values)
        {
            pair.Dispose();
        }
    }

    private OneTimePreKeyPair AddOneTimePair(Ed25519KeyPair signer, DateTimeOffset now)
    {
        MlKemKeyPair kemKey = MlKemKeyPair.Generate();
        X25519KeyPair curveKey = X25519KeyPair.Generate();
        try
        {
            var pair = OneTimePreKeyPair.Sign(signer, TakeId(now), Current.Id, now, curveKey.PublicKey, kemKey.PublicKey);
            if (OneTimePairs.Count == MaxOneTimeHeld)
            {
                DropOneTime(OneTimePairs.Keys.First());
            }

            OneTimePairs.Add(pair.Id, HeldPreKeyPair.Of(curveKey, kemKey, pair.Content));
            return pair;
        }
        catch
        {
            curveKey.Dispose();
            kemKey.Dispose();
            throw;
        }
    }

    private void Drop(int index)
    {
        PreKeyGeneration dropped = Generations[index];
        Generations.RemoveAt(index);
        foreach (uint id in OneTimePairs.Where(held => held.Value.Generation == dropped.Id).Select(held => held.Key).ToArray())
        {
            DropOneTime(id);
        }

        dropped.Dispose();
    }

    private void DropOneTime(uint id)
    {
        OneTimePairs[id].Dispose();
        OneTimePairs.Remove(id);
    }

    private uint TakeId(DateTimeOffset now)
    {
        uint id = Math.Max(NextId, (uint)Math.Clamp(now.ToUnixTimeSeconds(), 1, MaxIdFromClock));
        if (id == uint.MaxValue)
        {
            throw new E2EException(E2EError.LimitExceeded, "The device has given its last prekey id.");
        }

        NextId = id + 1;
        return id;
    }

    /// <summary>The private keys for one first message; owned by the vault.</summary>
    internal readonly record struct Selection(HeldPreKeyPair SignedPair, HeldPreKeyPair? OneTimePair);
}
