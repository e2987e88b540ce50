using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The serialised form of a device's prekeys; docs/protocol.md, "Stored prekeys".</summary>
internal static class PreKeyVaultCodec
{
    private const byte Version = 1;

    private const int GenerationSize = 8 + 32 + SignedPreKey.EncodedSize + MlKemKeyPair.SeedSize + KemPreKey.EncodedSize + 4;
    private const int OneTimeSize = 4 + 32 + 32;
    private const int OneTimeKemSize = 4 + MlKemKeyPair.SeedSize + MlKemPublicKey.KeySize;

    /// <summary>Marks the current generation where a retired one has its time.</summary>
    private const long NotRetired = long.MinValue;

    public static byte[] Write(PreKeyVault vault)
    {
        int accepted = vault.Generations.Sum(generation => generation.Accepted.Count);
        byte[] state = new byte[1 + 4
            + 2 + (vault.Generations.Count * GenerationSize) + (accepted * 32)
            + 2 + (vault.OneTime.Count * OneTimeSize)
            + 2 + (vault.OneTimeKem.Count * OneTimeKemSize)];
        var writer = new SpanWriter(state);
        writer.WriteByte(Version);
        writer.WriteUInt32(vault.NextId);
        writer.WriteUInt16((ushort)vault.Generations.Count);
        foreach (PreKeyGeneration generation in vault.Generations)
        {
            WriteGeneration(ref writer, generation);
        }

        writer.WriteUInt16((ushort)vault.OneTime.Count);
        foreach ((uint id, X25519KeyPair pair) in vault.OneTime)
        {
            WriteOneTime(ref writer, id, pair, pair.PublicKey);
        }

        writer.WriteUInt16((ushort)vault.OneTimeKem.Count);
        foreach ((uint id, MlKemKeyPair pair) in vault.OneTimeKem)
        {
            WriteOneTime(ref writer, id, pair, pair.PublicKey);
        }

        writer.ExpectFull();
        return state;
    }

    public static PreKeyVault Read(ReadOnlySpan<byte> state, DeviceIdentity identity)
    {
        var vault = new PreKeyVault();
        try
        {
            Read(state, identity, vault);
            return vault;
        }
        catch
        {
            vault.Dispose();
            throw;
        }
    }

    private static void Read(ReadOnlySpan<byte> state, DeviceIdentity identity, PreKeyVault vault)
    {
        var reader = new SpanReader(state);
        reader.ExpectVersion(Version);
        vault.NextId = reader.ReadUInt32();
        int generations = reader.ReadUInt16();
        for (int i = 0; i < generations; i++)
        {
            PreKeyGeneration generation = ReadGeneration(ref reader, identity);
            vault.Generations.Add(generation);
            if (generation.RetiredAt.HasValue != i > 0)
            {
                throw new E2EException(E2EError.InvalidEncoding, "The first generation, and no other, is the current one.");
            }
        }

        ReadOneTime(ref reader, vault.OneTime, static (ref SpanReader r) => X25519KeyPair.Import(
            r.ReadBytes(X25519KeyPair.PrivateKeySize), new X25519PublicKey(r.ReadBytes(X25519PublicKey.KeySize))));
        ReadOneTime(ref reader, vault.OneTimeKem, static (ref SpanReader r) => MlKemKeyPair.Import(
            r.ReadBytes(MlKemKeyPair.SeedSize), new MlKemPublicKey(r.ReadBytes(MlKemPublicKey.KeySize))));
        reader.ExpectEnd();
        if (vault.Generations.Count == 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "No signed prekey.");
        }

        // What is generated next must not take the id of what is held.
        IEnumerable<uint> ids = vault.OneTime.Keys.Concat(vault.OneTimeKem.Keys).Concat(
            vault.Generations.SelectMany(generation => new[] { generation.SignedPreKey.Id, generation.LastResortPreKey.Id }));
        if (ids.Any(id => id >= vault.NextId))
        {
            throw new E2EException(E2EError.InvalidEncoding, "A prekey id is not below the next one.");
        }
    }

    private delegate TPair PairReader<out TPair>(ref SpanReader reader);

    private static void ReadOneTime<TPair>(
        ref SpanReader reader, SortedDictionary<uint, TPair> held, PairReader<TPair> read)
        where TPair : SecretKey
    {
        int count = reader.ReadUInt16();
        for (int i = 0; i < count; i++)
        {
            uint id = reader.ReadUInt32();
            TPair pair = read(ref reader);
            if (!held.TryAdd(id, pair))
            {
                pair.Dispose();
                throw new E2EException(E2EError.InvalidEncoding, "A prekey id stands twice.");
            }
        }
    }

    private static void WriteOneTime(ref SpanWriter writer, uint id, SecretKey pair, PublicKey publicKey)
    {
        writer.WriteUInt32(id);
        pair.Write(ref writer);
        writer.WriteBytes(publicKey.Span);
    }

    private static void WriteGeneration(ref SpanWriter writer, PreKeyGeneration generation)
    {
        writer.WriteInt64(generation.RetiredAt?.ToUnixTimeSeconds() ?? NotRetired);
        generation.SignedPair.Write(ref writer);
        writer.WriteBytes(generation.SignedPreKey.Encoded);
        generation.LastResortPair.Write(ref writer);
        writer.WriteBytes(generation.LastResortPreKey.Encoded);
        writer.WriteUInt32((uint)generation.Accepted.Count);
        foreach (X25519PublicKey ephemeralKey in generation.Accepted)
        {
            writer.WriteBytes(ephemeralKey.Span);
        }
    }

    private static PreKeyGeneration ReadGeneration(ref SpanReader reader, DeviceIdentity identity)
    {
        long retiredAt = reader.ReadInt64();
        ReadOnlySpan<byte> signedPrivate = reader.ReadBytes(X25519KeyPair.PrivateKeySize);
        SignedPreKey signedPreKey = SignedPreKey.Decode(reader.ReadBytes(SignedPreKey.EncodedSize));
        ReadOnlySpan<byte> lastResortSeed = reader.ReadBytes(MlKemKeyPair.SeedSize);
        KemPreKey lastResortPreKey = KemPreKey.Decode(reader.ReadBytes(KemPreKey.EncodedSize));
        uint accepted = reader.ReadUInt32();
        if (accepted > PreKeyGeneration.MaxAccepted)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many accepted first messages.");
        }

        ReadOnlySpan<byte> ephemeralKeys = reader.ReadBytes((int)accepted * X25519PublicKey.KeySize);
        signedPreKey.Verify(identity.Certificate.SigningKey);
        lastResortPreKey.Verify(identity.Certificate.SigningKey);
        var generation = new PreKeyGeneration(
            X25519KeyPair.Import(signedPrivate, signedPreKey.Key),
            signedPreKey,
            MlKemKeyPair.Import(lastResortSeed, lastResortPreKey.Key),
            lastResortPreKey)
        {
            RetiredAt = retiredAt == NotRetired ? null : UnixTime.From(retiredAt),
        };
        for (; !ephemeralKeys.IsEmpty; ephemeralKeys = ephemeralKeys[X25519PublicKey.KeySize..])
        {
            generation.Accepted.Add(new X25519PublicKey(ephemeralKeys[..X25519PublicKey.KeySize]));
        }

        return generation;
    }
}
