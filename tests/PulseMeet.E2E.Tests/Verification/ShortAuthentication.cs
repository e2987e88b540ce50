using FsCheck.Xunit;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>Comparing by voice during a call: commit, reveal, compare. Who stands between is caught by the people, and cannot choose
/// late.</summary>
public sealed class ShortAuthentication
{
    private static ReadOnlySpan<byte> Call => "call 17"u8;

    [Fact]
    public void Two_honest_sides_read_the_same_emoji_and_the_same_numbers()
    {
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, Call);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, alice.Commit());
        ShortAuthenticationString alices = alice.Reveal(bob.Answer(), out byte[] reveal);
        ShortAuthenticationString bobs = bob.Finish(reveal);
        Assert.Equal(alices.Emoji, bobs.Emoji);
        Assert.Equal(alices.Decimals, bobs.Decimals);
        Assert.Equal(ShortAuthenticationString.EmojiCount, alices.Emoji.Count);
        Assert.Matches("^[1-9][0-9]{3}-[1-9][0-9]{3}-[1-9][0-9]{3}$", alices.ToString());
    }

    /// <summary>The relay runs one comparison with each side, under account keys of its own, honestly: the strings differ.</summary>
    [Fact]
    public void A_relay_with_keys_of_its_own_on_both_sides_is_heard()
    {
        AccountIdentity asBob = Accounts.Of("bob", 66);
        AccountIdentity asAlice = Accounts.Of("alice", 67);
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, asBob, Call);
        var toAlice = new ShortAuthenticationResponder(asBob, Accounts.Alice, Call, alice.Commit());
        var toBob = new ShortAuthenticationInitiator(asAlice, Accounts.Bob, Call);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, asAlice, Call, toBob.Commit());
        _ = toBob.Reveal(bob.Answer(), out byte[] reveal);
        Assert.NotEqual(alice.Reveal(toAlice.Answer(), out _).ToString(), bob.Finish(reveal).ToString());
    }

    /// <summary>The attack: the relay waits until it knows both honest nonces, and then looks for one of its own that makes the strings
    /// alike. For a string of few bits it finds one at once; the commitment refuses it.</summary>
    [Fact]
    public void A_relay_that_chooses_its_nonce_late_finds_one_and_cannot_reveal_it()
    {
        AccountIdentity asBob = Accounts.Of("bob", 66);
        AccountIdentity asAlice = Accounts.Of("alice", 67);
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, asBob, Call);
        var toAlice = new ShortAuthenticationResponder(asBob, Accounts.Alice, Call, alice.Commit());
        string alices = alice.Reveal(toAlice.Answer(), out _).Emoji[0].Name;

        var toBob = new ShortAuthenticationInitiator(asAlice, Accounts.Bob, Call);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, asAlice, Call, toBob.Commit());
        byte[] bobsNonce = bob.Answer()[2..];
        var transcript = new ShortAuthenticationTranscript(asAlice, Accounts.Bob, Call);
        byte[] chosen = new byte[32];
        int tries = 0;
        while (transcript.Derive(chosen, bobsNonce).Emoji[0].Name != alices)
        {
            BitConverter.TryWriteBytes(chosen, ++tries);
        }

        // Without the commitment the first emoji would now agree, after about 64 tries; all seven after about 2^42.
        Assert.InRange(tries, 0, 64 * 40);
        byte[] late = ShortAuthenticationTranscript.Message(ShortAuthenticationTranscript.RevealType, chosen);
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => bob.Finish(late)));
    }

    [Fact]
    public void A_peer_that_chooses_its_account_key_late_is_refused()
    {
        var mallory = new ShortAuthenticationInitiator(Accounts.Of("alice", 66), Accounts.Bob, Call, new byte[32]);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Of("alice", 67), Call, mallory.Commit());
        _ = mallory.Reveal(bob.Answer(), out byte[] reveal);
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => bob.Finish(reveal)));
    }

    [Fact]
    public void A_relay_that_swaps_the_account_key_of_one_side_is_refused_or_heard()
    {
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Of("bob", 66), Call);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, alice.Commit());
        _ = alice.Reveal(bob.Answer(), out byte[] reveal);
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => bob.Finish(reveal)));
    }

    [Fact]
    public void A_comparison_of_another_call_is_refused()
    {
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, "call 16"u8);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, alice.Commit());
        _ = alice.Reveal(bob.Answer(), out byte[] reveal);
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => bob.Finish(reveal)));
    }

    [Fact]
    public void Nobody_gets_a_second_try_on_one_commitment_or_one_nonce()
    {
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, Call);
        var bob = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, alice.Commit());
        var other = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, alice.Commit());
        _ = alice.Reveal(bob.Answer(), out byte[] reveal);
        Assert.Equal(E2EError.ShortAuthenticationRepeated, Refusal.Of(() => alice.Reveal(other.Answer(), out _)));

        byte[] wrong = [.. reveal];
        wrong[^1] ^= 1;
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => bob.Finish(wrong)));
        Assert.Equal(E2EError.ShortAuthenticationRepeated, Refusal.Of(() => bob.Finish(reveal)));
    }

    [Fact]
    public void A_nonce_returned_to_its_sender_is_refused_and_nothing_is_revealed()
    {
        byte[] nonce = new byte[32];
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, Call, nonce);
        byte[]? reveal = null;
        byte[] own = ShortAuthenticationTranscript.Message(ShortAuthenticationTranscript.AnswerType, nonce);
        Assert.Equal(E2EError.ShortAuthenticationRefused, Refusal.Of(() => alice.Reveal(own, out reveal)));
        Assert.Null(reveal);
    }

    [Fact]
    public void Messages_in_another_order_of_another_version_or_length_are_refused()
    {
        var alice = new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, Call);
        byte[] commitment = alice.Commit();
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => alice.Reveal(commitment, out _)));
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => Respond([2, .. commitment.AsSpan(1)])));
        foreach (int length in Enumerable.Range(0, 70).Where(length => length != commitment.Length))
        {
            byte[] other = new byte[length];
            commitment.AsSpan(0, Math.Min(length, commitment.Length)).CopyTo(other);
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Respond(other)));
        }
    }

    [Property(MaxTest = 300)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => Respond(bytes))
        && Refusal.IsDocumented(() => new ShortAuthenticationInitiator(Accounts.Alice, Accounts.Bob, Call).Reveal(bytes, out _));

    [Fact]
    public void The_64_emoji_all_differ()
    {
        VerificationEmoji[] all = [.. Enumerable.Range(0, 64).Select(VerificationEmoji.Of)];
        Assert.Equal(64, all.Select(emoji => emoji.Symbol).Distinct().Count());
        Assert.Equal(64, all.Select(emoji => emoji.Name).Distinct().Count());
    }

    private static void Respond(byte[] commitment) =>
        _ = new ShortAuthenticationResponder(Accounts.Bob, Accounts.Alice, Call, commitment);
}
