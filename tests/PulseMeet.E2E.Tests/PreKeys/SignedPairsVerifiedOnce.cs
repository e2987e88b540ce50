using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>The signature of a signed prekey pair is verified once in a process; what was not verified, is another one by a bit, or is said
/// to be of another signer, is never taken for it.</summary>
public sealed class SignedPairsVerifiedOnce
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void One_that_was_verified_is_remembered_with_its_signer_whether_its_ML_KEM_key_stands_there_or_its_hash()
    {
        using var signer = Ed25519KeyPair.Generate();
        SignedPreKeyPair pair = Make(signer);
        Assert.False(IsRemembered(pair, signer.PublicKey));
        SignedPreKeyPair.Decode(pair.Encode()).Verify(signer.PublicKey);
        Assert.True(IsRemembered(pair, signer.PublicKey));
        Assert.True(IsRemembered(pair.WithoutKemKey(), signer.PublicKey));
        SignedPreKeyPair.Decode(pair.WithoutKemKey().Encode()).Verify(signer.PublicKey);
    }

    [Fact]
    public void One_that_differs_by_a_bit_is_refused_though_the_right_one_was_verified()
    {
        using var signer = Ed25519KeyPair.Generate();
        SignedPreKeyPair pair = Make(signer);
        pair.Verify(signer.PublicKey);
        byte[] encoded = pair.WithoutKemKey().Encode();
        for (int i = 0; i < encoded.Length * 8; i++)
        {
            byte[] changed = [.. encoded];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.ThrowsAny<E2EException>(() => SignedPreKeyPair.Decode(changed).Verify(signer.PublicKey));
        }
    }

    [Fact]
    public void One_of_another_signer_is_refused_every_time_though_its_own_signer_was_verified()
    {
        using var signer = Ed25519KeyPair.Generate();
        using var other = Ed25519KeyPair.Generate();
        SignedPreKeyPair pair = Make(signer);
        pair.Verify(signer.PublicKey);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(
                E2EError.InvalidSignature, Assert.Throws<E2EException>(() => pair.Verify(other.PublicKey)).Reason);
            Assert.False(IsRemembered(pair, other.PublicKey));
        }
    }

    private static bool IsRemembered(SignedPreKeyPair pair, Ed25519PublicKey signer) =>
        SignedPreKeyPair.AllVerified.Find([.. signer.Span, .. pair.Content, .. pair.Encode()[^Ed25519KeyPair.SignatureSize..]]) is not null;

    private static SignedPreKeyPair Make(Ed25519KeyPair signer)
    {
        using var curveKey = X25519KeyPair.Generate();
        using var kemKey = MlKemKeyPair.Generate();
        return SignedPreKeyPair.Sign(signer, 7, s_now, curveKey.PublicKey, kemKey.PublicKey, SharedProfile.Default);
    }
}
