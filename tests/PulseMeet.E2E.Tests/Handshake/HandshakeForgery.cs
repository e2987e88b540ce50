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
    public void A_changed_bit_anywhere_in_a_bundle_gives_no_session_or_one_that_the_device_does_not_accept()
    {
        byte[] encoded = _bob.Bundle().ToArray();
        int refusedAtOnce = 0;
        for (int i = 0; i < encoded.Length; i += 7)
        {
            byte[] changed = [.. encoded];
            changed[i] ^= (byte)(1 << (i % 8));
            RatchetSession? session = null;
            if (!Succeeds(() => session = _alice.Initiate(_bob, PreKeyBundle.Decode(changed))))
            {
                refusedAtOnce++;
                continue;
            }

            // Only the one-time prekey is not signed: a change there is what withholding it would be.
            Assert.True(i >= encoded.Length - 36);
            byte[] first = session!.Seal("x"u8);
            Assert.Throws<E2EException>(() => _bob.Accept(_alice, first));
        }

        Assert.True(refusedAtOnce >= (encoded.Length / 7) - 6);
    }

    [Fact]
    public void Another_devices_signature_on_a_prekey_is_refused()
    {
        PreKeyBundle bob = _bob.Bundle();
        PreKeyBundle mallory = _mallory.Bundle();
        AssertRefused(E2EError.InvalidSignature, new(bob.Certificate, mallory.SignedPreKey, bob.KemPreKey, null));
        AssertRefused(E2EError.InvalidSignature, new(bob.Certificate, bob.SignedPreKey, mallory.KemPreKey, null));
    }

    [Fact]
    public void A_one_time_post_quantum_prekey_cannot_be_passed_off_as_the_last_resort_one_or_the_other_way_round()
    {
        foreach (bool lastResort in new[] { true, false })
        {
            byte[] encoded = _bob.Bundle(lastResort: lastResort).KemPreKey.ToArray();
            encoded[12] ^= 1; // the flag
            KemPreKey flipped = KemPreKey.Decode(encoded);
            PreKeyBundle bundle = _bob.Bundle();
            AssertRefused(E2EError.InvalidSignature, new(bundle.Certificate, bundle.SignedPreKey, flipped, null));
        }
    }

    [Fact]
    public void A_signature_over_one_kind_of_prekey_fits_no_other_kind()
    {
        using X25519KeyPair pair = X25519KeyPair.Generate();
        SignedPreKey signed = SignedPreKey.Sign(_bob.Identity.SigningKey, 1, _clock.GetUtcNow(), pair.PublicKey);
        byte[] content = signed.ToArray()[..^64];
        byte[] signature = signed.ToArray()[^64..];
        Assert.True(_bob.Identity.Certificate.SigningKey.Verify("PulseMeet-E2E v1 signed prekey"u8, content, signature));
        Assert.False(_bob.Identity.Certificate.SigningKey.Verify("PulseMeet-E2E v1 post-quantum prekey"u8, content, signature));
        Assert.False(_bob.Identity.Certificate.SigningKey.Verify("PulseMeet-E2E v1 device certificate"u8, content, signature));
    }

    [Fact]
    public void A_curve_key_in_the_place_of_the_post_quantum_one_does_not_decode()
    {
        byte[] encoded = _bob.Bundle().KemPreKey.ToArray();
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => KemPreKey.Decode(_bob.Bundle().SignedPreKey.ToArray())));
        Assert.Throws<E2EException>(() => SignedPreKey.Decode(encoded));
    }

    [Fact]
    public void A_bundle_without_the_post_quantum_prekey_gives_no_classical_session()
    {
        PreKeyBundle bundle = _bob.Bundle();
        byte[] encoded = bundle.ToArray();
        int flag = 1 + 2 + bundle.Certificate.Encode().Length + SignedPreKey.EncodedSize;
        byte[] stripped = [.. encoded[..flag], 0, .. encoded[(flag + 1 + KemPreKey.EncodedSize)..]];
        Assert.Equal(E2EError.PostQuantumKeyMissing, Refusal.Of(() => PreKeyBundle.Decode(stripped)));
        Assert.Throws<ArgumentNullException>(() => new PreKeyBundle(bundle.Certificate, bundle.SignedPreKey, null!, null));
    }

    [Fact]
    public void Another_version_of_a_bundle_is_refused_as_such()
    {
        byte[] encoded = _bob.Bundle().ToArray();
        foreach (byte version in new byte[] { 0, 2, 255 })
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
            E2EError.WrongIdentity,
            Refusal.Of(() => RatchetSession.Initiate(_alice.Identity, expected, invented.Bundle(), _alice.Options, _clock)));
    }

    [Fact]
    public void Another_users_or_devices_bundle_is_not_taken_for_the_one_asked_for()
    {
        foreach (DeviceAddress other in new[] { new DeviceAddress("bob", "tablet"), new DeviceAddress("mallory", "phone") })
        {
            Assert.Equal(
                E2EError.WrongIdentity,
                Refusal.Of(() => RatchetSession.Initiate(
                    _alice.Identity, new ExpectedPeer(other), _bob.Bundle(), _alice.Options, _clock)));
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
            SignedPreKey.Sign(signing, bob.SignedPreKey.Id, _clock.GetUtcNow(), bob.SignedPreKey.Key),
            KemPreKey.Sign(signing, bob.KemPreKey.Id, _clock.GetUtcNow(), bob.KemPreKey.IsLastResort, bob.KemPreKey.Key),
            bob.OneTimePreKey);
        RatchetSession toMallory = RatchetSession.Initiate(
            _alice.Identity, new ExpectedPeer(stolen.Address, _mallory.Account.PublicKey), bundle, _alice.Options, _clock);

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

    [Fact]
    public void Certificates_are_valid_from_their_first_to_their_last_second()
    {
        DateTimeOffset now = _clock.GetUtcNow();
        DeviceCertificate certificate = DeviceCertificate.Issue(
            _bob.Account, _bob.Identity.Address, _bob.Identity.Certificate.IdentityKey, _bob.Identity.Certificate.SigningKey, _bob.Identity.Certificate.MlsKey, now, now.AddDays(1));
        certificate.Verify(now);
        certificate.Verify(now.AddDays(1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => certificate.Verify(now.AddSeconds(-1))));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => certificate.Verify(now.AddDays(1).AddSeconds(1))));
    }

    [Fact]
    public void An_expired_certificate_begins_no_session_on_either_side()
    {
        PreKeyBundle bundle = _bob.Bundle();
        RatchetSession session = _alice.Initiate(_bob, bundle);
        byte[] first = session.Seal("x"u8);
        _clock.Advance(TimeSpan.FromDays(366));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_point_in_the_place_of_any_curve_key_is_refused(string hex)
    {
        byte[] point = Convert.FromHexString(hex);
        PreKeyBundle bundle = _bob.Bundle();
        byte[] encoded = bundle.ToArray();
        foreach (ReadOnlyMemory<byte> key in new[]
            {
                bundle.Certificate.IdentityKey.ToArray(), bundle.SignedPreKey.Key.ToArray(), bundle.OneTimePreKey!.Key.ToArray(),
            })
        {
            byte[] changed = [.. encoded];
            point.CopyTo(changed, encoded.AsSpan().IndexOf(key.Span));
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => PreKeyBundle.Decode(changed)));
        }

        byte[] first = _alice.Initiate(_bob, bundle).Seal("x"u8);
        int ephemeralAt = 2 + 2 + _alice.Identity.Certificate.Encode().Length + 4 + 4 + 1 + 1 + 4;
        point.CopyTo(first, ephemeralAt);
        byte[] before = _bob.PreKeys.Serialize();
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(before, _bob.PreKeys.Serialize());
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_are_refused_by_every_decoder_with_a_reason(byte[] bytes)
    {
        byte[] versioned = [1, .. bytes];
        return new[] { bytes, versioned }.All(input =>
            Refusal.IsDocumented(() => PreKeyBundle.Decode(input))
            && Refusal.IsDocumented(() => DeviceCertificate.Decode(input))
            && Refusal.IsDocumented(() => SignedPreKey.Decode(input))
            && Refusal.IsDocumented(() => KemPreKey.Decode(input))
            && Refusal.IsDocumented(() => DeviceIdentity.Deserialize(input))
            && Refusal.IsDocumented(() => DevicePreKeys.Deserialize(input, _bob.Identity, _bob.PreKeyOptions, _clock)));
    }

    [Fact]
    public void Truncated_and_lengthened_encodings_are_refused()
    {
        PreKeyBundle bundle = _bob.Bundle();
        (byte[] Encoded, Action<byte[]> Decode)[] formats =
        [
            (bundle.ToArray(), b => PreKeyBundle.Decode(b)),
            (bundle.Certificate.Encode(), b => DeviceCertificate.Decode(b)),
            (bundle.SignedPreKey.ToArray(), b => SignedPreKey.Decode(b)),
            (bundle.KemPreKey.ToArray(), b => KemPreKey.Decode(b)),
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
