using FsCheck.Xunit;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>QR codes say whose they are and for whom; only the peer's, with the same two keys, is a match.</summary>
public sealed class ScannedCodes
{
    private static readonly VerificationCode s_alices = VerificationCode.Of(Accounts.Alice, Accounts.Bob);
    private static readonly VerificationCode s_bobs = VerificationCode.Of(Accounts.Bob, Accounts.Alice);

    [Fact]
    public void Each_side_matches_the_others_code_which_is_under_128_bytes()
    {
        Assert.Equal(VerificationOutcome.Match, s_alices.Compare(s_bobs.ToArray()));
        Assert.Equal(VerificationOutcome.Match, s_bobs.Compare(s_alices.ToArray()));
        Assert.Equal(VerificationCode.Size, s_bobs.ToArray().Length);
        Assert.InRange(VerificationCode.Size, 1, 127);
    }

    [Fact]
    public void A_code_with_the_sides_swapped_does_not_match()
    {
        byte[] code = s_bobs.ToArray();
        byte[] swapped = [.. code.AsSpan(0, 4), .. code.AsSpan(52), .. code.AsSpan(4, 48)];
        Assert.Equal(VerificationOutcome.OwnCode, s_alices.Compare(swapped));
        Assert.Equal(VerificationOutcome.OwnCode, s_alices.Compare(s_alices.ToArray()));
    }

    [Fact]
    public void A_man_in_the_middle_with_a_key_on_either_side_is_a_mismatch()
    {
        VerificationCode bobsOfMalloryAsAlice = VerificationCode.Of(Accounts.Bob, Accounts.Of("alice", 66));
        VerificationCode bobAsMallory = VerificationCode.Of(Accounts.Of("bob", 66), Accounts.Alice);
        Assert.Equal(VerificationOutcome.Mismatch, s_alices.Compare(bobsOfMalloryAsAlice.ToArray()));
        Assert.Equal(VerificationOutcome.Mismatch, s_alices.Compare(bobAsMallory.ToArray()));
        Assert.Equal(VerificationOutcome.Mismatch, VerificationCode.Of(Accounts.Alice, Accounts.Of("bob", 66)).Compare(s_bobs.ToArray()));
    }

    [Fact]
    public void A_code_of_or_for_somebody_else_is_named_as_that()
    {
        AccountIdentity carol = Accounts.Of("carol", 3);
        Assert.Equal(VerificationOutcome.SomeoneElses, s_alices.Compare(VerificationCode.Of(carol, Accounts.Alice).ToArray()));
        Assert.Equal(VerificationOutcome.SomeoneElses, s_alices.Compare(VerificationCode.Of(Accounts.Bob, carol).ToArray()));
        Assert.Equal(VerificationOutcome.OwnCode, s_alices.Compare(VerificationCode.Of(Accounts.Alice, carol).ToArray()));
    }

    [Fact]
    public void Every_other_version_is_named_whatever_its_length_is()
    {
        byte[] code = s_bobs.ToArray();
        foreach (int version in Enumerable.Range(0, 256).Where(version => version != 1))
        {
            code[3] = (byte)version;
            Assert.Equal(VerificationOutcome.OtherVersion, s_alices.Compare(code));
            Assert.Equal(VerificationOutcome.OtherVersion, s_alices.Compare([.. code, 1, 2, 3]));
        }
    }

    [Fact]
    public void Every_length_but_the_right_one_and_other_apps_codes_are_refused()
    {
        byte[] code = s_bobs.ToArray();
        byte[] longer = [.. code, .. new byte[100]];
        foreach (int length in Enumerable.Range(0, longer.Length).Where(length => length != code.Length))
        {
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => s_alices.Compare(longer.AsSpan(0, length))));
        }

        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => s_alices.Compare("https://chat.example/u/bob"u8)));
    }

    [Fact]
    public void No_changed_bit_leaves_a_match()
    {
        byte[] code = s_bobs.ToArray();
        for (int bit = 0; bit < code.Length * 8; bit++)
        {
            byte[] changed = [.. code];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.NotEqual(VerificationOutcome.Match, s_alices.Compare(changed));
            }
            catch (E2EException refused)
            {
                Assert.Equal(E2EError.InvalidEncoding, refused.Reason);
                Assert.InRange(bit, 0, 23);
            }
        }
    }

    [Property(MaxTest = 1000)]
    public bool Arbitrary_bytes_never_match(byte[] bytes) => Refusal.IsDocumented(() =>
    {
        if (s_alices.Compare(bytes) == VerificationOutcome.Match)
        {
            throw new InvalidOperationException("A match out of arbitrary bytes.");
        }
    });
}
