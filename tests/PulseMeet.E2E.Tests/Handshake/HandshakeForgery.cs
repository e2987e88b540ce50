using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attacks 2, 4 and 5: a directory or a peer that lies.</summary>
public sealed class HandshakeForgery
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;
    private readonly Party _mallory;

    public HandshakeForgery()
    {
        _alice = new Party("alice", _clock);
        _bob = new Party("bob", _clock);
        _mallory = new Party("mallory", _clock);
    }

    [Fact]
    public void A_changed_bit_anywhere_in_a_bundle_is_refused_before_anything_is_sent()
    {
        foreach (bool oneTime in new[] { true, false })
        {
            byte[] encoded = _bob.Bundle(oneTime).Encode();
            for (int i = 0; i < encoded.Length; i += 3)
            {
                byte[] changed = [.. encoded];
                changed[i] ^= (byte)(1 << (i % 8));
                Assert.Throws<E2EException>(() => _alice.Initiate(_bob, PreKeyBundle.Decode(changed)));
            }
        }
    }

    [Fact]
    public void Each_of_the_three_signatures_of_a_bundle_is_checked()
    {
        PreKeyBundle bundle = _bob.Bundle();
        byte[] encoded = bundle.Encode();
        int signedPairAt = 3 + bundle.Certificate.Encode().Length;
        int[] lastBytes = [signedPairAt - 1, signedPairAt + 173 - 1, encoded.Length - 1];
        foreach (int at in lastBytes)
        {
            byte[] changed = [.. encoded];
            changed[at - 40] ^= 1;
            AssertRefused(E2EError.InvalidSignature, PreKeyBundle.Decode(changed));
        }
    }

    [Fact]
    public void A_one_time_pair_that_the_directory_made_itself_is_refused()
    {
        PreKeyBundle bundle = _bob.Bundle();
        OneTimePreKeyPair forged = _mallory.Bundle().OneTimePair!;
        byte[] renamed = [.. bundle.OneTimePair!.Encode()[..16], .. forged.Encode()[16..]];
        AssertRefused(
            E2EError.InvalidSignature, new(bundle.Certificate, bundle.SignedPair, OneTimePreKeyPair.Decode(renamed)));
    }

    [Fact]
    public void Another_devices_signature_on_a_prekey_is_refused()
    {
        PreKeyBundle bob = _bob.Bundle();
        PreKeyBundle mallory = _mallory.Bundle();
        AssertRefused(E2EError.InvalidSignature, new(bob.Certificate, mallory.SignedPair, bob.OneTimePair));
        AssertRefused(E2EError.InvalidSignature, new(bob.Certificate, bob.SignedPair, mallory.OneTimePair));
    }

    [Fact]
    public void A_signature_over_one_kind_of_prekey_fits_no_other_kind()
    {
        byte[] signed = _bob.Bundle().OneTimePair!.Encode();
        byte[] content = _bob.Publish().OneTimePairs[0].Content.ToArray();
        byte[] signature = _bob.PreKeys.PreparePublication(default).OneTimePairs[0].Encode()[^64..];
        OneTimePreKeyPair pair = OneTimePreKeyPair.Decode(signed);
        Ed25519PublicKey key = _bob.Identity.Certificate.SigningKey;
        Assert.True(key.Verify("PulseMeet-E2E v2 one-time prekey pair"u8, pair.Content, signed.AsSpan(signed.Length - 64)));
        Assert.False(key.Verify("PulseMeet-E2E v2 signed prekey pair"u8, pair.Content, signed.AsSpan(signed.Length - 64)));
        Assert.False(key.Verify("PulseMeet-E2E v2 device certificate"u8, pair.Content, signed.AsSpan(signed.Length - 64)));
        Assert.False(key.Verify("PulseMeet-E2E v2 one-time prekey pair"u8, content, signature));
    }

    [Fact]
    public void One_kind_of_pair_in_the_place_of_the_other_does_not_decode()
    {
        PreKeyBundle bundle = _bob.Bundle();
        Assert.Throws<E2EException>(() => OneTimePreKeyPair.Decode(bundle.SignedPair.Encode()));
        Assert.Throws<E2EException>(() => SignedPreKeyPair.Decode(bundle.OneTimePair!.Encode()));
    }

    [Fact]
    public void A_bundle_without_an_ml_kem_key_gives_no_classical_session()
    {
        PreKeyBundle bundle = _bob.Bundle();
        byte[] encoded = bundle.Encode();
        byte[] stripped = [.. encoded[..^(1 + OneTimePreKeyPair.EncodedSize)], 0];
        Assert.Equal(E2EError.KemKeyMissing, Refusal.Of(() => PreKeyBundle.Decode(stripped)));
        Assert.Throws<ArgumentException>(() => new PreKeyBundle(bundle.Certificate, bundle.SignedPair, null));
    }

    [Fact]
    public void Another_version_of_a_bundle_is_refused_as_such()
    {
        byte[] encoded = _bob.Bundle().Encode();
        foreach (byte version in new byte[] { 0, 1, 3, 255 })
        {
            encoded[0] = version;
            Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => PreKeyBundle.Decode(encoded)));
        }
    }

    [Fact]
    public void An_invented_device_of_a_user_has_no_certificate_of_the_account()
    {
        var invented = new Party("bob", _clock, deviceId: "server's invention");
        var expected = new ExpectedPeer(invented.Identity.Address, _bob.Account.PublicKey);
        Assert.Equal(
            E2EError.AccountKeyChanged,
            Refusal.Of(() => RatchetSession.Initiate(_alice.Identity, expected, invented.Bundle(), _alice.Options, _alice.PreKeyOptions, _clock)));
    }

    [Fact]
    public void Another_users_or_devices_bundle_is_not_taken_for_the_one_asked_for()
    {
        foreach (DeviceAddress other in new[] { new DeviceAddress("bob", "tablet"), new DeviceAddress("mallory", "phone") })
        {
            Assert.Equal(
                E2EError.WrongIdentity,
                Refusal.Of(() => RatchetSession.Initiate(
                    _alice.Identity, ExpectedPeer.FirstContact(other), _bob.Bundle(), _alice.Options, _alice.PreKeyOptions, _clock)));
        }
    }

    [Fact]
    public void A_peers_key_registered_under_another_user_gives_no_common_session()
    {
        // Mallory certifies Bob's identity key as a device of hers and hands Alice Bob's own prekeys, re-signed.
        PreKeyBundle bob = _bob.Bundle();
        using Ed25519KeyPair signing = Ed25519KeyPair.Generate();
        DeviceCertificate stolen = DeviceCertificate.Issue(
            _mallory.Account,
            new DeviceAddress("mallory", "phone"),
            bob.Certificate.IdentityKey,
            signing.PublicKey,
            bob.Certificate.MlsKey,
            _clock.GetUtcNow(),
            _clock.GetUtcNow().AddDays(1));
        var bundle = new PreKeyBundle(
            stolen,
            SignedPreKeyPair.Sign(
                signing, bob.SignedPair.Id, _clock.GetUtcNow(), bob.SignedPair.CurveKey, bob.OneTimePair!.KemKey, SharedProfile.Default),
            OneTimePreKeyPair.Sign(
                signing, bob.OneTimePair.Id, bob.SignedPair.Id, _clock.GetUtcNow(), bob.OneTimePair.CurveKey, bob.OneTimePair.KemKey));
        RatchetSession toMallory = RatchetSession.Initiate(
            _alice.Identity, new ExpectedPeer(stolen.Address, _mallory.Account.PublicKey), bundle, _alice.Options, _alice.PreKeyOptions, _clock);

        // Mallory passes the message on to Bob: he has every private key for it, and it does not open all the same.
        byte[] first = toMallory.Seal("for Mallory"u8);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void A_first_message_under_anothers_name_is_refused()
    {
        RatchetSession mallory = _mallory.Initiate(_bob, _bob.Bundle());
        byte[] first = mallory.Seal("I am Alice"u8);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void A_first_message_with_anothers_certificate_in_it_does_not_open()
    {
        RatchetSession mallory = _mallory.Initiate(_bob, _bob.Bundle());
        byte[] first = mallory.Seal("I am Alice"u8);
        byte[] own = _mallory.Identity.Certificate.Encode();
        byte[] stolen = _alice.Identity.Certificate.Encode();
        byte[] forged = [1, 2, (byte)(stolen.Length >> 8), (byte)stolen.Length, .. stolen, .. first[(4 + own.Length)..]];
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => _bob.Accept(_alice, forged)));
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_point_in_the_place_of_any_curve_key_is_refused(string hex)
    {
        byte[] point = Convert.FromHexString(hex);
        PreKeyBundle bundle = _bob.Bundle();
        byte[] encoded = bundle.Encode();
        foreach (ReadOnlyMemory<byte> key in new[]
            {
                bundle.Certificate.IdentityKey.ToArray(), bundle.SignedPair.CurveKey.ToArray(), bundle.OneTimePair!.CurveKey.ToArray(),
            })
        {
            byte[] changed = [.. encoded];
            point.CopyTo(changed, encoded.AsSpan().IndexOf(key.Span));
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => PreKeyBundle.Decode(changed)));
        }

        byte[] first = _alice.Initiate(_bob, bundle).Seal("x"u8);
        int ephemeralAt = 2 + 2 + _alice.Identity.Certificate.Encode().Length + 4 + 1 + 4;
        point.CopyTo(first, ephemeralAt);
        byte[] before = _bob.PreKeys.Serialize();
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(before, _bob.PreKeys.Serialize());
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_are_refused_by_every_decoder_with_a_reason(byte[] bytes)
    {
        byte[] versioned = [1, .. bytes];
        return new[] { bytes, versioned, [2, .. bytes] }.All(input =>
            Refusal.IsDocumented(() => PreKeyBundle.Decode(input))
            && Refusal.IsDocumented(() => DeviceCertificate.Decode(input))
            && Refusal.IsDocumented(() => SignedPreKeyPair.Decode(input))
            && Refusal.IsDocumented(() => OneTimePreKeyPair.Decode(input))
            && Refusal.IsDocumented(() => PreKeyPublication.Decode(input))
            && Refusal.IsDocumented(() => DeviceIdentity.Deserialize(input))
            && Refusal.IsDocumented(() => DevicePreKeys.Deserialize(input, _bob.Identity, _bob.PreKeyOptions, _clock)));
    }

    [Fact]
    public void Truncated_and_lengthened_encodings_are_refused()
    {
        PreKeyBundle bundle = _bob.Bundle();
        (byte[] Encoded, Action<byte[]> Decode)[] formats =
        [
            (bundle.Encode(), b => PreKeyBundle.Decode(b)),
            (bundle.Certificate.Encode(), b => DeviceCertificate.Decode(b)),
            (bundle.SignedPair.Encode(), b => SignedPreKeyPair.Decode(b)),
            (bundle.OneTimePair!.Encode(), b => OneTimePreKeyPair.Decode(b)),
            (_bob.Publish().Encode(), b => PreKeyPublication.Decode(b)),
            (_bob.Identity.Serialize(), b => DeviceIdentity.Deserialize(b)),
            (_bob.PreKeys.Serialize(), b => DevicePreKeys.Deserialize(b, _bob.Identity, _bob.PreKeyOptions, _clock)),
        ];
        foreach ((byte[] encoded, Action<byte[]> decode) in formats)
        {
            decode(encoded);
            Assert.Throws<E2EException>(() => decode([.. encoded, 0]));
            for (int length = 0; length < encoded.Length; length += 1 + (encoded.Length / 300))
            {
                Assert.Throws<E2EException>(() => decode(encoded[..length]));
            }
        }
    }

    private static bool Succeeds(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }

    private void AssertRefused(E2EError reason, PreKeyBundle bundle) =>
        Assert.Equal(reason, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
}
