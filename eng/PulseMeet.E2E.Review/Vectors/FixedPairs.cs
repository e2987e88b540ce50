using System.Text.Json.Nodes;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A responder's signed pair and one one-time pair out of the inputs of a vector.</summary>
internal sealed class FixedPairs : IDisposable
{
    private readonly uint _nextId;
    private readonly DeviceIdentity _owner;

    public FixedPairs(JsonObject vector, DeviceIdentity owner)
    {
        DateTimeOffset created = DateTimeOffset.FromUnixTimeSeconds(Number(vector, "created"));
        uint signedId = (uint)Number(vector, "signed_pair_id");
        uint oneTimeId = (uint)Number(vector, "one_time_pair_id");
        _owner = owner;
        _nextId = oneTimeId + 1;
        SignedCurve = X25519KeyPair.Import(Bytes(vector, "signed_curve_private"));
        SignedKem = MlKemKeyPair.Import(Bytes(vector, "signed_kem_seed"));
        OneTimeCurve = X25519KeyPair.Import(Bytes(vector, "one_time_curve_private"));
        OneTimeKem = MlKemKeyPair.Import(Bytes(vector, "one_time_kem_seed"));
        Signed = SignedPreKeyPair.Sign(
            owner.SigningKey, signedId, created, SignedCurve.PublicKey, SignedKem.PublicKey, SharedProfile.FromSalt(Text(vector, "salt")));
        OneTime = OneTimePreKeyPair.Sign(
            owner.SigningKey, oneTimeId, signedId, created, OneTimeCurve.PublicKey, OneTimeKem.PublicKey);
    }

    public X25519KeyPair SignedCurve { get; }

    public MlKemKeyPair SignedKem { get; }

    public X25519KeyPair OneTimeCurve { get; }

    public MlKemKeyPair OneTimeKem { get; }

    public SignedPreKeyPair Signed { get; }

    public OneTimePreKeyPair OneTime { get; }

    /// <summary>The stored prekeys: one generation, one one-time pair, no first message accepted.</summary>
    public byte[] Stored()
    {
        using var vault = new PreKeyVault { NextId = _nextId };
        vault.Generations.Add(new PreKeyGeneration(
            HeldPreKeyPair.Of(X25519KeyPair.Import(Key(SignedCurve)), MlKemKeyPair.Import(Key(SignedKem)), Signed.Content), Signed, new AcceptedFirstMessages()));
        vault.OneTimePairs.Add(
            OneTime.Id, HeldPreKeyPair.Of(X25519KeyPair.Import(Key(OneTimeCurve)), MlKemKeyPair.Import(Key(OneTimeKem)), OneTime.Content));
        byte[] stored = PreKeyVaultCodec.Write(vault);
        using PreKeyVault read = PreKeyVaultCodec.Read(stored, _owner);
        return stored;
    }

    public void Dispose()
    {
        SignedCurve.Dispose();
        SignedKem.Dispose();
        OneTimeCurve.Dispose();
        OneTimeKem.Dispose();
    }

    private static byte[] Key(SecretKey pair)
    {
        byte[] key = new byte[pair.Size];
        pair.Export(key);
        return key;
    }
}
