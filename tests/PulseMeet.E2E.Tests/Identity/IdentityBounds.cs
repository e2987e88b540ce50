using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>Attacks 1, 44, 46 and 47 to the byte and to the second: what a certificate, a list, a copy and a request have to be.</summary>
public sealed class IdentityBounds
{
    private static readonly byte[] s_neutralPoint = [1, .. new byte[31]];

    private readonly TestClock _clock = new();
    private readonly Party _alice;

    public IdentityBounds() => _alice = new Party("alice", _clock);

    private DateTimeOffset Now => _clock.GetUtcNow();

    private DeviceCertificate Certificate => _alice.Identity.Certificate;

    [Fact]
    public void A_certificate_has_a_key_for_each_purpose_and_ends_after_it_begins()
    {
        DeviceCertificate good = Certificate;
        void Issue(Ed25519PublicKey signing, Ed25519PublicKey mls, DateTimeOffset end) =>
            DeviceCertificate.Issue(_alice.Account, good.Address, good.IdentityKey, signing, mls, Now, end);

        Issue(good.SigningKey, good.MlsKey, Now.AddSeconds(1));
        Assert.Equal("mlsKey", Assert.Throws<ArgumentException>(() => Issue(good.SigningKey, good.SigningKey, Now.AddDays(1))).ParamName);
        Assert.Equal("mlsKey", Assert.Throws<ArgumentException>(() => Issue(good.SigningKey, good.AccountKey, Now.AddDays(1))).ParamName);
        Assert.Equal("notAfter", Assert.Throws<ArgumentException>(() => Issue(good.SigningKey, good.MlsKey, Now)).ParamName);
        Assert.Equal("notAfter", Assert.Throws<ArgumentException>(() => Issue(good.SigningKey, good.MlsKey, Now.AddDays(-1))).ParamName);
    }

    [Fact]
    public void A_certificate_from_exactly_five_minutes_ahead_is_not_due_and_from_a_moment_more_it_is()
    {
        Assert.False(Certificate.IsRenewalDue(Certificate.NotBefore - IdentityLimits.ClockTolerance));
        Assert.True(Certificate.IsRenewalDue(Certificate.NotBefore - IdentityLimits.ClockTolerance - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public void A_list_from_exactly_five_minutes_ahead_is_not_due_and_from_a_moment_more_it_is()
    {
        DeviceList list = DeviceList.Sign(_alice.Account, [Certificate], null, _clock);
        Assert.False(list.IsRenewalDue(list.SignedAt - IdentityLimits.ClockTolerance));
        Assert.True(list.IsRenewalDue(list.SignedAt - IdentityLimits.ClockTolerance - TimeSpan.FromTicks(1)));
        DeviceList later = DeviceList.Sign(_alice.Account, [Certificate], list, _clock);
        Assert.False(list.Equals(later));
        Assert.False(list.Equals(null));
        Assert.True(list.Equals(DeviceList.Decode(list.Encode())));
    }

    [Fact]
    public void Keys_of_small_order_are_refused_in_every_place_also_under_an_account_that_is_known_and_not_looked_at_again_at_rest()
    {
        byte[] encoded = Certificate.Encode();
        int accountAt = 1 + 2 + "alice".Length + 2 + "phone".Length;
        foreach (int at in new[] { accountAt, accountAt + 64, accountAt + 96 })
        {
            byte[] changed = [.. encoded];
            s_neutralPoint.CopyTo(changed, at);
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => DeviceCertificate.Decode(changed)));
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => DeviceCertificate.Decode(changed, _alice.Account.PublicKey)));
            Assert.Equal(changed, DeviceCertificate.DecodeStored(changed).Encode());
        }
    }

    [Fact]
    public void The_identity_of_a_certificate_is_all_before_its_validity_and_there_has_to_be_some()
    {
        byte[] encoded = Certificate.Encode();
        Assert.Equal(encoded[..^80], DeviceCertificate.IdentityOf(encoded).ToArray());
        Assert.Equal([7], DeviceCertificate.IdentityOf([7, .. new byte[80]]).ToArray());
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceCertificate.IdentityOf(new byte[80])));
    }

    [Fact]
    public void A_lists_number_is_one_more_than_the_last_and_the_first_is_one_where_there_is_no_clock()
    {
        var early = new TestClock();
        early.Advance(DateTimeOffset.UnixEpoch.AddYears(-1) - early.GetUtcNow());
        using DeviceIdentity device = DeviceIdentity.Create(_alice.Account, new DeviceAddress("alice", "old"), early);
        DeviceList first = DeviceList.Sign(_alice.Account, [device.Certificate], null, early);
        Assert.Equal(1, first.Number);
        DeviceList second = DeviceList.Sign(_alice.Account, [device.Certificate], first, early);
        Assert.Equal(2, second.Number);
        DeviceList now = DeviceList.Sign(_alice.Account, [device.Certificate], second, _clock);
        Assert.Equal(Now.ToUnixTimeSeconds(), now.Number);
    }

    [Fact]
    public void A_device_of_another_user_and_one_of_another_account_are_refused_in_a_list_each_by_itself()
    {
        using Ed25519KeyPair evil = Ed25519KeyPair.Generate();
        using DeviceIdentity otherUser = DeviceIdentity.Create(_alice.Account, new DeviceAddress("bob", "phone"), _clock);
        using DeviceIdentity otherAccount = DeviceIdentity.Create(evil, new DeviceAddress("alice", "phone"), _clock);
        byte[] list = DeviceList.Sign(_alice.Account, [Certificate], null, _clock).Encode();
        int certificateAt = 1 + 2 + "alice".Length + 32 + 8 + 8 + 1;
        foreach (DeviceIdentity other in new[] { otherUser, otherAccount })
        {
            byte[] certificate = other.Certificate.Encode();
            byte[] mixed = [.. list.AsSpan(0, certificateAt), 0, (byte)certificate.Length, .. certificate, .. new byte[64]];
            Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => DeviceList.Decode(mixed)));
            Assert.Throws<ArgumentException>(() => DeviceList.Sign(_alice.Account, [Certificate, other.Certificate], null, _clock));
        }
    }

    [Fact]
    public void Of_two_certificates_that_end_alike_a_device_keeps_the_one_that_it_has()
    {
        DeviceCertificate another = DeviceCertificate.Issue(
            _alice.Account, Certificate.Address, Certificate.IdentityKey, Certificate.SigningKey, Certificate.MlsKey, Now.AddHours(1), Certificate.NotAfter);
        DeviceCertificate own = Certificate;
        Assert.False(_alice.Identity.TakeRenewed(another));
        Assert.Equal(own, Certificate);
    }

    [Fact]
    public void A_salt_of_255_bytes_makes_a_profile_and_a_longer_one_or_none_is_a_callers_mistake()
    {
        string longest = new('s', SharedProfile.MaxSaltSize);
        Assert.Equal(
            Sha256.Hash([0, 24, .. "PulseMeet-E2E v1 profile"u8, 0, 255, .. System.Text.Encoding.UTF8.GetBytes(longest)]),
            SharedProfile.FromSalt(longest).Hash.ToArray());
        Assert.Throws<ArgumentException>(() => SharedProfile.FromSalt(longest + "s"));
        Assert.Throws<ArgumentException>(() => SharedProfile.FromSalt(string.Empty));
    }

    [Fact]
    public void Every_recovery_copy_has_a_salt_and_a_nonce_of_its_own()
    {
        using RecoveryKey key = RecoveryKey.Generate();
        byte[][] copies = [.. Enumerable.Range(0, 20).Select(_ => key.Seal(_alice.Account, "alice"))];
        Assert.Equal(20, copies.Select(copy => Convert.ToHexString(copy, 1, 32)).Distinct().Count());
        Assert.Equal(20, copies.Select(copy => Convert.ToHexString(copy, 33, 12)).Distinct().Count());
    }

    [Fact]
    public void A_recovery_copy_whose_keys_do_not_belong_together_or_that_does_not_verify_gives_no_account()
    {
        byte[] key = [.. Enumerable.Repeat((byte)5, 32)];
        using Ed25519KeyPair zero = Ed25519KeyPair.Import(new byte[32]);
        using Ed25519KeyPair other = Ed25519KeyPair.Generate();

        // A tag of zeros, and the public key of what a refused opening leaves: nobody may take that for an account.
        byte[] unsealed = [1, .. new byte[44], .. zero.PublicKey.Span, .. new byte[48]];
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => RecoveryCopy.Open(key, unsealed, "alice")));
        byte[] secret = Forge.BytesOf(_alice.Account);
        byte[] mixed = Sealed(key, other.PublicKey, secret);
        using var zeroed = new ZeroedMemory();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => RecoveryCopy.Open(key, mixed, "alice")));
        Assert.True(zeroed.Times(secret) >= 2); // the opened bytes, and the key that was made of them
        RecoveryCopy.Open(key, Sealed(key, _alice.Account.PublicKey, secret), "alice").Dispose();
    }

    [Fact]
    public void Base32_of_another_length_or_with_bits_left_over_is_not_read()
    {
        byte[] three = new byte[3];
        CrockfordBase32.Read("00002", three);
        Assert.Equal([0, 0, 1], three);
        foreach (string text in new[] { "0000", "000020", "" })
        {
            Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => CrockfordBase32.Read(text, three)));
        }

        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => CrockfordBase32.Read("00003", three)));
    }

    [Fact]
    public void A_request_for_the_account_key_has_an_id_of_its_own_and_nothing_behind_its_signature()
    {
        DeviceList list = DeviceList.Sign(_alice.Account, [Certificate], null, _clock);
        using LinkKeyRequest one = LinkKeyRequest.Create(_alice.Identity, _clock);
        using LinkKeyRequest two = LinkKeyRequest.Create(_alice.Identity, _clock);
        Assert.NotEqual(one.ToArray()[1..17], two.ToArray()[1..17]);
        Assert.Equal(Certificate.Address, LinkKeyHandover.Read(one.ToArray(), list, new LinkLog(), Now).Address);
        Assert.Equal(
            E2EError.InvalidEncoding, Refusal.Of(() => LinkKeyHandover.Read([.. one.ToArray(), 0], list, new LinkLog(), Now)));
    }

    [Fact]
    public void Another_accounts_key_that_was_handed_over_is_zeroed_as_it_is_refused()
    {
        DeviceList list = DeviceList.Sign(_alice.Account, [Certificate], null, _clock);
        using LinkKeyRequest request = LinkKeyRequest.Create(_alice.Identity, _clock);
        using Ed25519KeyPair evil = Ed25519KeyPair.Generate();
        var (_, answerKey, _) = LinkKeyPayload.Read(request.ToArray(), list);
        byte[] answer = LinkKeyPayload.SealAnswer(request.ToArray(), answerKey, evil);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => request.Complete([.. answer, 0], Now)));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => request.Complete(answer.AsSpan(0, answer.Length - 1), Now)));
        using var zeroed = new ZeroedMemory();
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => request.Complete(answer, Now)));
        Assert.True(zeroed.Times(Forge.BytesOf(evil)) >= 2);
    }

    [Fact]
    public void An_identity_zeroes_its_three_keys_with_it_and_where_they_are_not_its_certificates()
    {
        byte[] stored = _alice.Identity.Serialize();
        byte[] mixed = [.. stored];
        mixed[1] ^= 8;
        using (var zeroed = new ZeroedMemory())
        {
            Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => DeviceIdentity.Deserialize(mixed)));
            Assert.All(Enumerable.Range(0, 3), i => Assert.True(zeroed.Saw(mixed.AsSpan(1 + (32 * i), 32))));
        }

        using (var zeroed = new ZeroedMemory())
        {
            _alice.Identity.Dispose();
            Assert.All(Enumerable.Range(0, 3), i => Assert.True(zeroed.Saw(stored.AsSpan(1 + (32 * i), 32))));
        }
    }

    /// <summary>A copy of any two keys, sealed as docs/protocol-linking.md says.</summary>
    private static byte[] Sealed(byte[] key, Ed25519PublicKey publicKey, byte[] secret)
    {
        byte[] header = [1, .. new byte[32], .. new byte[12], .. publicKey.Span];
        byte[] cipherKey = new byte[32];
        Hkdf.DeriveKey(key, new byte[32], "PulseMeet-E2E v1 recovery copy"u8, cipherKey);
        byte[] sealedKey = new byte[48];
        AesGcm256.Seal(cipherKey, new byte[12], secret, LabelledContent.Of("alice"u8, header), sealedKey);
        return [.. header, .. sealedKey];
    }
}
