using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>The serialised form of a device's prekeys; docs/protocol.md, "Stored prekeys".</summary>
internal static class PreKeyVaultCodec
{
    private const byte Version = 2;

    private const int PrivateKeysSize = X25519KeyPair.PrivateKeySize + MlKemKeyPair.SeedSize;
    private const int GenerationSize = 8 + SignedPreKeyPair.EncodedSize + PrivateKeysSize;
    private const int OneTimeSize = OneTimePreKeyPair.ContentSize + PrivateKeysSize;

    /// <summary>Marks the current generation where a retired one has its time.</summary>
    private const long NotRetired = long.MinValue;

    public static byte[] Write(PreKeyVault vault)
    {
        byte[] state = new byte[1 + 4
            + 1 + vault.Generations.Sum(generation => GenerationSize + generation.Accepted.EncodedSize)
            + 2 + (vault.OneTimePairs.Count * OneTimeSize)];
        var writer = new SpanWriter(state);
        writer.WriteByte(Version);
        writer.WriteUInt32(vault.NextId);
        writer.WriteByte(checked((byte)vault.Generations.Count));
        foreach (PreKeyGeneration generation in vault.Generations)
        {
            writer.WriteInt64(generation.RetiredAt?.ToUnixTimeSeconds() ?? NotRetired);
            writer.WriteBytes(generation.SignedPair.Encode());
            generation.Pair.WritePrivateKeys(ref writer);
            generation.Accepted.Write(ref writer);
        }

        writer.WriteUInt16(checked((ushort)vault.OneTimePairs.Count));
        foreach (HeldPreKeyPair pair in vault.OneTimePairs.Values)
        {
            writer.WriteBytes(pair.Content);
            pair.WritePrivateKeys(ref writer);
        }

        writer.ExpectFull();
        return state;
    }

    public static PreKeyVault Read(ReadOnlySpan<byte> state, DeviceIdentity identity)
    {
        var vault = new PreKeyVault();
        try
        {
            var reader = new SpanReader(state);
            reader.ExpectVersion(Version);
            vault.NextId = reader.ReadUInt32();
            ReadGenerations(ref reader, identity.Certificate.SigningKey, vault);
            ReadOneTimePairs(ref reader, vault);
            reader.ExpectEnd();
            return vault;
        }
        catch
        {
            vault.Dispose();
            throw;
        }
    }

    private static void ReadGenerations(ref SpanReader reader, Ed25519PublicKey signer, PreKeyVault vault)
    {
        int count = reader.ReadByte();
        if (count > PreKeyVault.MaxGenerations)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many generations.");
        }

        for (int i = 0; i < count; i++)
        {
            PreKeyGeneration generation = ReadGeneration(ref reader, signer);
            uint above = i == 0 ? vault.NextId : vault.Generations[^1].Id;
            vault.Generations.Add(generation);
            if (generation.RetiredAt.HasValue != i > 0 || generation.Id >= above)
            {
                throw new E2EException(E2EError.InvalidEncoding, "The generations are not in descending order, the current one first.");
            }
        }

        if (count == 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "No signed pair.");
        }
    }

    private static PreKeyGeneration ReadGeneration(ref SpanReader reader, Ed25519PublicKey signer)
    {
        long retiredAt = reader.ReadInt64();
        DateTimeOffset? retired = retiredAt == NotRetired ? null : UnixTime.From(retiredAt);
        SignedPreKeyPair signed = SignedPreKeyPair.Read(ref reader);
        if (signed.KemKey is null)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A signed pair without its ML-KEM key.");
        }

        signed.Verify(signer);
        HeldPreKeyPair pair = HeldPreKeyPair.Read(ref reader, signed.CurveKey, signed.Content);
        try
        {
            return new(pair, signed, AcceptedFirstMessages.Read(ref reader)) { RetiredAt = retired };
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    private static void ReadOneTimePairs(ref SpanReader reader, PreKeyVault vault)
    {
        int count = reader.ReadUInt16();
        if (count > PreKeyVault.MaxOneTimeHeld)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekey pairs.");
        }

        uint last = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> content = reader.ReadBytes(OneTimePreKeyPair.ContentSize);
            var head = new SpanReader(content);
            uint id = head.ReadUInt32();
            uint generation = head.ReadUInt32();
            _ = UnixTime.Read(ref head);
            var curveKey = X25519PublicKey.FromBytes(head.ReadBytes(X25519PublicKey.KeySize));
            if (id <= last || id >= vault.NextId || !vault.Generations.Exists(held => held.Id == generation))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A one-time prekey pair out of order, or of no generation that is held.");
            }

            last = id;
            vault.OneTimePairs.Add(id, HeldPreKeyPair.Read(ref reader, curveKey, content));
        }
    }
}
