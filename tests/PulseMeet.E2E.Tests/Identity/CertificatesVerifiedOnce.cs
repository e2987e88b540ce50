using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>A certificate is verified once in a process; what was not verified, or is another one by a bit, is never taken for it; and its
/// time is looked at on every use.</summary>
public sealed class CertificatesVerifiedOnce
{
    private static readonly DateTimeOffset s_now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void What_was_verified_comes_back_as_it_was_read_and_only_for_the_very_same_bytes()
    {
        byte[] encoded = Make();
        DeviceCertificate first = DeviceCertificate.Decode(encoded);
        Assert.NotSame(first, DeviceCertificate.Decode(encoded));
        first.Verify(s_now);
        Assert.Same(first, DeviceCertificate.Decode(encoded));
        for (int i = 0; i < encoded.Length * 8; i++)
        {
            byte[] changed = [.. encoded];
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.ThrowsAny<E2EException>(() => DeviceCertificate.Decode(changed).Verify(s_now));
        }
    }

    [Fact]
    public void One_that_does_not_verify_is_refused_every_time()
    {
        byte[] forged = Make();
        forged[^1] ^= 1;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(
                E2EError.InvalidSignature,
                Assert.Throws<E2EException>(() => DeviceCertificate.Decode(forged).Verify(s_now)).Reason);
        }
    }

    [Fact]
    public void Its_time_is_looked_at_on_every_use()
    {
        byte[] encoded = Make();
        DeviceCertificate.Decode(encoded).Verify(s_now);
        foreach (DateTimeOffset outside in new[] { s_now.AddDays(-1), s_now.AddDays(31) })
        {
            Assert.Equal(E2EError.Expired, Assert.Throws<E2EException>(() => DeviceCertificate.Decode(encoded).Verify(outside)).Reason);
        }

        DeviceCertificate.Decode(encoded).Verify(s_now);
    }

    [Fact]
    public void One_out_of_the_own_store_whose_keys_were_not_checked_again_is_not_kept()
    {
        byte[] encoded = Make();
        DeviceCertificate stored = DeviceCertificate.DecodeStored(encoded);
        stored.Verify(s_now);
        Assert.NotSame(stored, DeviceCertificate.Decode(encoded));
        Assert.Null(DeviceCertificate.AllVerified.Find(encoded));
    }

    [Fact]
    public void There_is_room_for_a_number_of_them_and_the_first_goes_first()
    {
        var cache = new VerifiedOnce<DeviceCertificate>(3);
        byte[][] encoded = [.. Enumerable.Range(0, 5).Select(_ => Make())];
        foreach (byte[] one in encoded)
        {
            cache.Add(one, DeviceCertificate.Decode(one));
            cache.Add(one, DeviceCertificate.Decode(one));
            Assert.InRange(cache.Count, 1, 3);
        }

        Assert.Equal([false, false, true, true, true], encoded.Select(one => cache.Find(one) is not null));
    }

    private static byte[] Make()
    {
        using Ed25519KeyPair account = Ed25519KeyPair.Generate();
        using X25519KeyPair identity = X25519KeyPair.Generate();
        using Ed25519KeyPair signing = Ed25519KeyPair.Generate();
        using Ed25519KeyPair mls = Ed25519KeyPair.Generate();
        return DeviceCertificate.Issue(
            account, new DeviceAddress("alice", "phone"), identity.PublicKey, signing.PublicKey, mls.PublicKey, s_now, s_now.AddDays(30)).Encode();
    }
}
