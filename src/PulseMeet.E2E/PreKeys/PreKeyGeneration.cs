using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A signed pair with its private keys, and which first messages were accepted under it. Owns the private keys.</summary>
internal sealed class PreKeyGeneration(HeldPreKeyPair pair, SignedPreKeyPair signedPair, AcceptedFirstMessages accepted) : IDisposable
{
    public HeldPreKeyPair Pair { get; } = pair;

    public SignedPreKeyPair SignedPair { get; } = signedPair;

    public AcceptedFirstMessages Accepted { get; } = accepted;

    public uint Id => SignedPair.Id;

    /// <summary>Null while this is the current generation.</summary>
    public DateTimeOffset? RetiredAt { get; set; }

    public static PreKeyGeneration Create(Ed25519KeyPair signer, uint id, DateTimeOffset now, SharedProfile profile)
    {
        MlKemKeyPair kemKey = MlKemKeyPair.Generate();
        X25519KeyPair curveKey = X25519KeyPair.Generate();
        try
        {
            var signed = SignedPreKeyPair.Sign(signer, id, now, curveKey.PublicKey, kemKey.PublicKey, profile);
            return new(HeldPreKeyPair.Of(curveKey, kemKey, signed.Content), signed, new AcceptedFirstMessages());
        }
        catch
        {
            curveKey.Dispose();
            kemKey.Dispose();
            throw;
        }
    }

    public void Dispose() => Pair.Dispose();
}
