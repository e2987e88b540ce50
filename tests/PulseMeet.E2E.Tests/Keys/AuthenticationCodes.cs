using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>Attacks 32 and 33: an authentication code is its data's under its key, whole.</summary>
public sealed class AuthenticationCodes
{
    [Fact]
    public void A_code_is_HMAC_SHA_256_by_RFC_4231()
    {
        // RFC 4231, test case 1 has a key of 20 bytes; zeros behind a key give the same code (RFC 2104, section 2).
        byte[] key = [.. Enumerable.Repeat((byte)0x0b, 20), .. new byte[12]];
        using AuthenticationKey authentication = AuthenticationKey.Import(key);
        Assert.Equal(
            "B0344C61D8DB38535CA8AFCEAF0BF12B881DC200C9833DA726E9376C2E32CFF7",
            Convert.ToHexString(authentication.Authenticate("Hi There"u8)));
    }

    [Fact]
    public void Both_parties_verify_each_others_codes_and_nothing_that_was_changed_or_shortened()
    {
        var derivation = new KeyDerivationService(new KeyDerivationOptions(), TimeProvider.System);
        using X25519KeyPair alice = X25519KeyPair.Generate();
        using X25519KeyPair bob = X25519KeyPair.Generate();
        using ConversationKeys hers = derivation.DeriveConversationKeys(alice, bob.PublicKey, new ConversationContext("c"));
        using ConversationKeys his = derivation.DeriveConversationKeys(bob, alice.PublicKey, new ConversationContext("c"));
        using ConversationKeys next = derivation.RotateConversationKeys(bob, alice.PublicKey, his.Context);
        byte[] code = hers.Authentication.Authenticate("receipt 7"u8);
        Assert.True(his.Authentication.Verify("receipt 7"u8, code));
        Assert.False(his.Authentication.Verify("receipt 8"u8, code));
        Assert.False(next.Authentication.Verify("receipt 7"u8, code));
        Assert.All(Enumerable.Range(0, code.Length), length => Assert.False(his.Authentication.Verify("receipt 7"u8, code.AsSpan(0, length))));
        Assert.All(Enumerable.Range(0, code.Length), i =>
        {
            byte[] changed = [.. code];
            changed[i] ^= 0x80;
            Assert.False(his.Authentication.Verify("receipt 7"u8, changed));
        });
        Assert.False(his.Authentication.Verify("receipt 7"u8, [.. code, 0]));
    }
}
