using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A signed prekey and the last-resort prekey made with it: they are rotated together.</summary>
/// <remarks>Owns both private keys. Remembers the ephemeral keys of the first messages that were accepted with it, for as
/// long as it could accept them again.</remarks>
internal sealed class PreKeyGeneration(
    X25519KeyPair signedPair, SignedPreKey signedPreKey, MlKemKeyPair lastResortPair, KemPreKey lastResortPreKey) : IDisposable
{
    /// <summary>The most first messages that one generation accepts: a bound on the memory of replays. 64 Ki.</summary>
    public const int MaxAccepted = 65536;

    public X25519KeyPair SignedPair { get; } = signedPair;

    public SignedPreKey SignedPreKey { get; } = signedPreKey;

    public MlKemKeyPair LastResortPair { get; } = lastResortPair;

    public KemPreKey LastResortPreKey { get; } = lastResortPreKey;

    /// <summary>Null while this is the current generation.</summary>
    public DateTimeOffset? RetiredAt { get; set; }

    public HashSet<X25519PublicKey> Accepted { get; } = [];

    public DateTimeOffset CreatedAt => SignedPreKey.CreatedAt;

    public static PreKeyGeneration Create(Ed25519KeyPair signer, uint firstId, DateTimeOffset now)
    {
        X25519KeyPair signedPair = X25519KeyPair.Generate();
        MlKemKeyPair lastResortPair = MlKemKeyPair.Generate();
        return new(
            signedPair,
            SignedPreKey.Sign(signer, firstId, now, signedPair.PublicKey),
            lastResortPair,
            KemPreKey.Sign(signer, firstId + 1, now, isLastResort: true, lastResortPair.PublicKey));
    }

    public void Dispose()
    {
        SignedPair.Dispose();
        LastResortPair.Dispose();
    }
}
