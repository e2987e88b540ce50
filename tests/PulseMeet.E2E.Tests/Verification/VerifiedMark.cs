using FsCheck.Xunit;
using PulseMeet.E2E.Tests.Support;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Tests.Verification;

/// <summary>Attack 39: the verified mark belongs to one account key, and a change of it clears the mark.</summary>
public sealed class VerifiedMark
{
    private static readonly DateTimeOffset s_monday = Accounts.Monday;

    private static readonly ContactVerification s_verified = ContactVerification.FirstSeen(Accounts.Bob, s_monday)
        .MarkVerified(Accounts.Alice, SafetyNumber.Of(Accounts.Alice, Accounts.Bob), s_monday);

    [Fact]
    public void The_mark_clears_on_a_change_of_the_account_key_and_stays_cleared_when_the_old_key_comes_back()
    {
        Assert.Equal(VerificationState.Verified, s_verified.State);
        ContactVerification changed = s_verified.Observe(Accounts.Key(66), s_monday.AddDays(1));
        Assert.Equal(VerificationState.ChangedSinceVerified, changed.State);
        Assert.True(changed.IsChangePending);
        ContactVerification back = changed.Observe(Accounts.Bob.AccountKey, s_monday.AddDays(2));
        Assert.Equal(VerificationState.ChangedSinceVerified, back.State);
        Assert.True(back.IsChangePending);
    }

    [Fact]
    public void A_new_device_or_the_known_key_seen_again_changes_nothing() =>
        Assert.Same(s_verified, s_verified.Observe(Accounts.Key(2), s_monday.AddDays(1)));

    [Fact]
    public void The_number_of_the_old_key_marks_nothing_after_a_change()
    {
        SafetyNumber old = SafetyNumber.Of(Accounts.Alice, Accounts.Bob);
        ContactVerification changed = s_verified.Observe(Accounts.Key(66), s_monday);
        Assert.Equal(E2EError.SafetyNumberMismatch, Refusal.Of(() => changed.MarkVerified(Accounts.Alice, old, s_monday)));
        SafetyNumber current = SafetyNumber.Of(Accounts.Alice, Accounts.Of("bob", 66));
        Assert.Equal(VerificationState.Verified, changed.MarkVerified(Accounts.Alice, current, s_monday).State);
    }

    [Fact]
    public void A_key_that_changed_again_while_the_user_was_asked_is_not_accepted()
    {
        ContactVerification changed = s_verified.Observe(Accounts.Key(66), s_monday);
        ContactVerification again = changed.Observe(Accounts.Key(67), s_monday);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => again.Accept(Accounts.Key(66), s_monday)));
        ContactVerification accepted = again.Accept(Accounts.Key(67), s_monday);
        Assert.False(accepted.IsChangePending);
        Assert.Equal(VerificationState.Unverified, accepted.State);
    }

    [Theory]
    [InlineData(KeyChangePolicy.StopWhereVerified, true, false)]
    [InlineData(KeyChangePolicy.StopAlways, true, true)]
    [InlineData(KeyChangePolicy.GoOn, false, false)]
    public void Sending_stops_by_policy_until_the_change_is_accepted_or_verified(KeyChangePolicy policy, bool wasVerified, bool wasNot)
    {
        ContactVerification known = ContactVerification.FirstSeen(Accounts.Bob, s_monday);
        Assert.False(known.IsSendingStopped(policy));
        Assert.Equal(wasVerified, s_verified.Observe(Accounts.Key(66), s_monday).IsSendingStopped(policy));
        ContactVerification changed = known.Observe(Accounts.Key(66), s_monday);
        Assert.Equal(wasNot, changed.IsSendingStopped(policy));
        Assert.False(changed.Accept(Accounts.Key(66), s_monday).IsSendingStopped(policy));
        SafetyNumber number = SafetyNumber.Of(Accounts.Alice, Accounts.Of("bob", 66));
        Assert.False(changed.MarkVerified(Accounts.Alice, number, s_monday).IsSendingStopped(policy));
    }

    [Fact]
    public void Taking_the_mark_away_takes_no_pending_change_away()
    {
        Assert.Equal(VerificationState.Unverified, s_verified.ClearVerified(s_monday).State);
        ContactVerification changed = s_verified.Observe(Accounts.Key(66), s_monday);
        Assert.Same(changed, changed.ClearVerified(s_monday));
        Assert.Same(s_verified, s_verified.Accept(Accounts.Bob.AccountKey, s_monday));
    }

    /// <summary>Whatever happens to a record, only the comparison of its own key's number leaves it verified.</summary>
    [Property(MaxTest = 100)]
    public bool Any_walk_ends_verified_only_if_its_last_key_was_compared(byte[] steps)
    {
        ContactVerification record = ContactVerification.FirstSeen(Accounts.Bob, s_monday);
        bool isCompared = false;
        foreach (byte step in steps)
        {
            int key = step / 4 % 3;
            isCompared = (step % 4) switch
            {
                0 => isCompared && record.Account.AccountKey == Accounts.Key(key),
                1 => true,
                2 => false,
                _ => isCompared,
            };
            record = (step % 4) switch
            {
                0 => record.Observe(Accounts.Key(key), s_monday),
                1 => record.MarkVerified(Accounts.Alice, SafetyNumber.Of(Accounts.Alice, record.Account), s_monday),
                2 => record.ClearVerified(s_monday),
                _ => record.Accept(record.Account.AccountKey, s_monday),
            };
            record = ContactVerification.Decode(record.Encode());
        }

        return (record.State == VerificationState.Verified) == isCompared;
    }

    [Fact]
    public void A_record_reads_back_and_another_form_is_refused()
    {
        ContactVerification[] records = [s_verified, s_verified.Observe(Accounts.Key(66), s_monday.AddDays(1))];
        foreach (ContactVerification record in records)
        {
            byte[] encoded = record.Encode();
            Assert.Equal(record, ContactVerification.Decode(encoded));
            Assert.InRange(encoded.Length, 1, ContactVerification.MaxEncodedSize);
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => ContactVerification.Decode([.. encoded, 0])));
            Assert.All(Enumerable.Range(0, encoded.Length), length => Assert.Equal(
                E2EError.InvalidEncoding, Refusal.Of(() => ContactVerification.Decode(encoded.AsSpan(0, length)))));
        }
    }

    [Fact]
    public void A_state_that_no_step_leads_to_and_another_version_are_refused()
    {
        byte[] encoded = s_verified.Encode();
        byte[] pending = [.. encoded];
        pending[^9] = 1; // Verified, with a change pending.
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => ContactVerification.Decode(pending)));
        byte[] unknown = [.. encoded];
        unknown[^10] = 3;
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => ContactVerification.Decode(unknown)));
        encoded[0] = 2;
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => ContactVerification.Decode(encoded)));
    }

    [Property(MaxTest = 500)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => ContactVerification.Decode(bytes))
        && Refusal.IsDocumented(() => ContactVerification.Decode([1, 0, 3, .. "bob"u8, .. bytes]));

    [Fact]
    public void A_pulse_chat_says_how_many_members_are_verified_and_who_is_not()
    {
        ContactVerification carol = ContactVerification.FirstSeen(Accounts.Of("carol", 3), s_monday);
        ContactVerification dave = ContactVerification.FirstSeen(Accounts.Of("dave", 4), s_monday)
            .MarkVerified(Accounts.Alice, SafetyNumber.Of(Accounts.Alice, Accounts.Of("dave", 4)), s_monday)
            .Observe(Accounts.Key(5), s_monday);
        var members = new MemberVerification([s_verified, carol, dave]);
        Assert.Equal((3, 1), (members.Total, members.Verified));
        Assert.Equal(["carol", "dave"], members.NotVerified);
        Assert.Equal(["dave"], members.Changed);
    }
}
