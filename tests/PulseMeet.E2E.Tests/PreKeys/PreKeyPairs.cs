using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Attacks 4, 5 and 6: a directory puts in nothing of its own, mixes nothing, and serves nothing that is old.</summary>
public sealed class PreKeyPairs
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public PreKeyPairs() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Fact]
    public void A_publication_reads_as_it_was_written()
    {
        PreKeyPublication published = _bob.Publish();
        PreKeyPublication read = PreKeyPublication.Decode(published.Encode());
        read.Verify(_clock.GetUtcNow());
        Assert.Equal(published.Encode(), read.Encode());
        Assert.Equal(_bob.PreKeys.PublicationHash.ToArray(), read.Hash.ToArray());
        Assert.Equal(2, read.OneTimePairs.Count);
        Assert.All(read.OneTimePairs, pair => Assert.Equal(read.SignedPair.Id, pair.Generation));
        Assert.Equal(SignedPreKeyPair.EncodedSize, read.SignedPair.Encode().Length);
        Assert.Equal(OneTimePreKeyPair.EncodedSize, read.OneTimePairs[0].Encode().Length);
    }

    [Fact]
    public void A_changed_bit_anywhere_in_a_publication_is_refused()
    {
        byte[] encoded = _bob.Publish().Encode();
        for (int i = 0; i < encoded.Length; i += 3)
        {
            byte[] changed = [.. encoded];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => PreKeyPublication.Decode(changed).Verify(_clock.GetUtcNow()));
        }
    }

    [Fact]
    public void Each_signature_of_a_publication_is_checked()
    {
        PreKeyPublication published = _bob.Publish();
        byte[] encoded = published.Encode();
        int certificateEnd = 3 + published.Certificate.Encode().Length;
        int[] ends = [certificateEnd, certificateEnd + 1325, certificateEnd + 1325 + 2 + 1296, encoded.Length];
        foreach (int end in ends)
        {
            byte[] changed = [.. encoded];
            changed[end - 40] ^= 1;
            Assert.Equal(
                E2EError.InvalidSignature, Refusal.Of(() => PreKeyPublication.Decode(changed).Verify(_clock.GetUtcNow())));
        }
    }

    [Fact]
    public void A_publication_out_of_order_with_a_pair_twice_of_mixed_generations_or_without_the_ml_kem_key_does_not_decode()
    {
        PreKeyPublication published = _bob.Publish();
        byte[] start = published.Encode()[..^(2 + (2 * 1296))];
        byte[] one = published.OneTimePairs[0].Encode();
        byte[] two = published.OneTimePairs[1].Encode();
        _clock.Advance(TimeSpan.FromDays(30));
        byte[] later = _bob.Publish().OneTimePairs[0].Encode();
        PreKeyPublication.Decode([.. start, 0, 2, .. one, .. two]).Verify(_clock.GetUtcNow());
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => PreKeyPublication.Decode([.. start, 0, 2, .. two, .. one])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => PreKeyPublication.Decode([.. start, 0, 2, .. one, .. one])));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => PreKeyPublication.Decode([.. start, 0, 1, .. later])));
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => PreKeyPublication.Decode([.. start, 1, 245])));
        byte[] stripped = [.. start[..^1325], .. published.SignedPair.WithoutKemKey().Encode(), 0, 0];
        Assert.Equal(E2EError.KemKeyMissing, Refusal.Of(() => PreKeyPublication.Decode(stripped)));
    }

    [Fact]
    public void What_a_directory_assembles_out_of_stored_bytes_begins_a_session()
    {
        PreKeyPublication published = PreKeyPublication.Decode(_bob.Publish().Encode());
        byte[] certificate = published.Certificate.Encode();
        byte[] signedPair = published.SignedPair.Encode();
        Assert.Equal(published.Hash.ToArray(), PreKeyPublication.HashOf(certificate, signedPair));
        foreach (byte[] oneTimePair in new[] { published.OneTimePairs[1].Encode(), [] })
        {
            byte[] assembled = PreKeyBundle.Assemble(certificate, signedPair, oneTimePair);
            PreKeyBundle bundle = PreKeyBundle.Decode(assembled);
            Assert.Equal(assembled, bundle.Encode());
            Assert.Equal(oneTimePair.Length == 0, bundle.SignedPair.KemKey is not null);
            byte[] first = _alice.Initiate(_bob, bundle).Seal("x"u8);
            Assert.Equal("x"u8.ToArray(), _bob.Accept(_alice, first).Plaintext.ToArray());
        }
    }

    [Fact]
    public void A_directory_that_mixes_generations_is_told_so_and_a_bundle_that_mixes_them_refused()
    {
        PreKeyPublication old = _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30));
        PreKeyPublication current = _bob.Publish();
        byte[] certificate = current.Certificate.Encode();
        Assert.Throws<ArgumentException>(
            () => PreKeyBundle.Assemble(certificate, current.SignedPair.Encode(), old.OneTimePairs[0].Encode()));
        AssertRefused(E2EError.Expired, new(current.Certificate, current.SignedPair, old.OneTimePairs[0]));
    }

    [Fact]
    public void Pairs_older_than_rotation_and_retirement_together_are_refused_and_at_that_age_taken()
    {
        PreKeyBundle withOneTime = _bob.Bundle();
        PreKeyBundle without = _bob.Bundle(oneTime: false);
        _clock.Advance(TimeSpan.FromDays(60));
        _alice.Initiate(_bob, withOneTime).Dispose();
        _alice.Initiate(_bob, without).Dispose();
        _clock.Advance(TimeSpan.FromSeconds(1));
        AssertRefused(E2EError.Expired, withOneTime);
        AssertRefused(E2EError.Expired, without);
    }

    [Fact]
    public void An_old_one_time_pair_is_refused_though_its_signed_pair_were_young()
    {
        // A thief of the device's keys dates a signed pair as it likes; an old one-time pair stays old.
        PreKeyBundle old = _bob.Bundle();
        _clock.Advance(TimeSpan.FromDays(60) + TimeSpan.FromSeconds(1));
        using X25519KeyPair curve = X25519KeyPair.Generate();
        var young = SignedPreKeyPair.Sign(
            _bob.Identity.SigningKey, old.SignedPair.Id, _clock.GetUtcNow(), curve.PublicKey, old.OneTimePair!.KemKey, SharedProfile.Default);
        AssertRefused(E2EError.Expired, new(old.Certificate, young, old.OneTimePair));
    }

    [Fact]
    public void Pairs_from_a_clock_five_minutes_ahead_are_taken_and_from_further_ahead_refused()
    {
        _clock.Advance(TimeSpan.FromMinutes(5));
        var ahead = new Party("bob", _clock);
        PreKeyBundle bundle = ahead.Bundle();
        _clock.Advance(TimeSpan.FromMinutes(-5));
        _alice.Initiate(ahead, bundle).Dispose();
        _clock.Advance(TimeSpan.FromSeconds(-1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(ahead, bundle)));
    }

    [Fact]
    public void A_stolen_old_signed_pair_dated_in_the_future_is_refused_for_as_long_as_it_lies_there()
    {
        PreKeyBundle bundle = _bob.Bundle(oneTime: false);
        var future = SignedPreKeyPair.Sign(
            _bob.Identity.SigningKey,
            bundle.SignedPair.Id,
            _clock.GetUtcNow() + TimeSpan.FromDays(365),
            bundle.SignedPair.CurveKey,
            bundle.SignedPair.KemKey!,
            SharedProfile.Default);
        AssertRefused(E2EError.Expired, new(bundle.Certificate, future, null));
    }

    [Fact]
    public void Another_profile_is_named_before_anything_is_sent()
    {
        _bob.PreKeyOptions.Profile = SharedProfile.FromSalt("another app's salt");
        AssertRefused(E2EError.ProfileMismatch, _bob.Bundle());
        _alice.PreKeyOptions.Profile = _bob.PreKeyOptions.Profile;
        _alice.Initiate(_bob, _bob.Bundle()).Dispose();
    }

    [Fact]
    public void A_first_message_that_names_a_one_time_pair_of_another_generation_finds_none()
    {
        RatchetFirst(out byte[] first, out int namesAt);
        _clock.Advance(TimeSpan.FromDays(30));
        uint current = _bob.Publish().SignedPair.Id;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(first.AsSpan(namesAt), current);
        byte[] before = _bob.PreKeys.Serialize();
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(before, _bob.PreKeys.Serialize());
    }

    private void RatchetFirst(out byte[] first, out int namesAt)
    {
        first = _alice.Initiate(_bob, _bob.Bundle()).Seal("x"u8);
        namesAt = 4 + ((first[2] << 8) | first[3]);
    }

    private void AssertRefused(E2EError reason, PreKeyBundle bundle) =>
        Assert.Equal(reason, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
}
