using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The private prekeys of a device, by id. Not thread-safe; <see cref="DevicePreKeys"/> locks.</summary>
internal sealed class PreKeyVault : IDisposable
{
    /// <summary>The most one-time prekeys of each kind that are held: those of the directory and those that were claimed
    /// and never used. The oldest go first.</summary>
    public const int MaxOneTimeHeld = 4 * PreKeyOptions.MaxOneTimePreKeys;

    /// <summary>Newest first; the first one is current.</summary>
    public List<PreKeyGeneration> Generations { get; } = [];

    public SortedDictionary<uint, X25519KeyPair> OneTime { get; } = [];

    public SortedDictionary<uint, MlKemKeyPair> OneTimeKem { get; } = [];

    /// <summary>All kinds of prekeys count together, from 1, and no id is given twice.</summary>
    public uint NextId { get; set; } = 1;

    public PreKeyGeneration Current => Generations[0];

    public void AddCurrent(Ed25519KeyPair signer, DateTimeOffset now)
    {
        // Made first: where that fails, the old one has to stay the current one.
        PreKeyGeneration next = PreKeyGeneration.Create(signer, TakeIds(2), now);
        if (Generations.Count > 0)
        {
            Current.RetiredAt = now;
        }

        Generations.Insert(0, next);
    }

    /// <summary>Forgets the generations that were retired longer than that ago, with all they accepted. A retirement in the
    /// future, from a clock that was ahead and has been set back, counts as one now.</summary>
    public void DropRetired(DateTimeOffset now, TimeSpan period)
    {
        foreach (PreKeyGeneration generation in Generations)
        {
            if (generation.RetiredAt > now)
            {
                generation.RetiredAt = now;
            }
        }

        DateTimeOffset before = now - period;
        for (int i = Generations.Count - 1; i > 0 && Generations[i].RetiredAt < before; i--)
        {
            Generations[i].Dispose();
            Generations.RemoveAt(i);
        }
    }

    public IReadOnlyList<OneTimePreKey> AddOneTime(int count)
    {
        var added = new List<OneTimePreKey>();
        for (int i = 0; i < count; i++)
        {
            uint id = TakeIds(1);
            X25519KeyPair pair = X25519KeyPair.Generate();
            Hold(OneTime, id, pair);
            added.Add(new(id, pair.PublicKey));
        }

        return added;
    }

    public IReadOnlyList<KemPreKey> AddOneTimeKem(int count, Ed25519KeyPair signer, DateTimeOffset now)
    {
        var added = new List<KemPreKey>();
        for (int i = 0; i < count; i++)
        {
            uint id = TakeIds(1);
            MlKemKeyPair pair = MlKemKeyPair.Generate();
            added.Add(SignOrDispose(signer, id, now, pair));
            Hold(OneTimeKem, id, pair);
        }

        return added;
    }

    /// <summary>Finds the private keys for a first message.</summary>
    /// <exception cref="E2EException">It was accepted before (<see cref="E2EError.ReplayedHandshake"/>), names a prekey that
    /// is not held (<see cref="E2EError.UnknownPreKey"/>), or the generation has accepted its fill
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    /// <param name="names">The prekeys that the first message names.</param>
    /// <param name="ephemeralKey">The initiator's ephemeral key, which is accepted once.</param>
    public Selection Select(PreKeyNames names, X25519PublicKey ephemeralKey)
    {
        if (Generations.Exists(generation => generation.Accepted.Contains(ephemeralKey)))
        {
            throw new E2EException(E2EError.ReplayedHandshake);
        }

        PreKeyGeneration signed = Generations.Find(generation => generation.SignedPreKey.Id == names.SignedPreKeyId)
            ?? throw new E2EException(E2EError.UnknownPreKey);
        if (signed.Accepted.Count >= PreKeyGeneration.MaxAccepted)
        {
            throw new E2EException(E2EError.LimitExceeded, "The signed prekey has accepted its most sessions.");
        }

        MlKemKeyPair? kem = names.IsLastResort
            ? Generations.Find(generation => generation.LastResortPreKey.Id == names.KemPreKeyId)?.LastResortPair
            : OneTimeKem.GetValueOrDefault(names.KemPreKeyId);
        X25519KeyPair? oneTime = names.OneTimePreKeyId is { } id ? OneTime.GetValueOrDefault(id) : null;
        if (kem is null || (names.OneTimePreKeyId.HasValue && oneTime is null))
        {
            throw new E2EException(E2EError.UnknownPreKey);
        }

        return new Selection(signed.SignedPair, kem, oneTime);
    }

    /// <summary>Deletes the one-time prekeys and remembers the first message.</summary>
    public void MarkUsed(PreKeyNames names, X25519PublicKey ephemeralKey)
    {
        if (names.OneTimePreKeyId is { } id && OneTime.Remove(id, out X25519KeyPair? oneTime))
        {
            oneTime.Dispose();
        }

        if (!names.IsLastResort && OneTimeKem.Remove(names.KemPreKeyId, out MlKemKeyPair? kem))
        {
            kem.Dispose();
        }

        Generations.Find(generation => generation.SignedPreKey.Id == names.SignedPreKeyId)!
            .Accepted.Add(ephemeralKey);
    }

    public void Dispose()
    {
        Generations.ForEach(generation => generation.Dispose());
        foreach (SecretKey pair in OneTime.Values.Concat<SecretKey>(OneTimeKem.Values))
        {
            pair.Dispose();
        }
    }

    private static void Hold<TPair>(SortedDictionary<uint, TPair> held, uint id, TPair pair)
        where TPair : SecretKey
    {
        if (held.Count == MaxOneTimeHeld)
        {
            uint oldest = held.Keys.First();
            held[oldest].Dispose();
            held.Remove(oldest);
        }

        held.Add(id, pair);
    }

    private static KemPreKey SignOrDispose(Ed25519KeyPair signer, uint id, DateTimeOffset now, MlKemKeyPair pair)
    {
        try
        {
            return KemPreKey.Sign(signer, id, now, isLastResort: false, pair.PublicKey);
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    private uint TakeIds(uint count)
    {
        uint first = NextId;
        if (first > uint.MaxValue - count)
        {
            throw new E2EException(E2EError.LimitExceeded, "The device has given its last prekey id.");
        }

        NextId = first + count;
        return first;
    }

    /// <summary>The private keys for one first message; owned by the vault.</summary>
    internal readonly record struct Selection(X25519KeyPair SignedPreKey, MlKemKeyPair KemPreKey, X25519KeyPair? OneTimePreKey);
}
