using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>Attacks 44 and 48, as far as the list itself shows them: what is not the account's newest word is refused.</summary>
public sealed class DeviceLists
{
    private readonly TestClock _clock = new();
    private readonly Party _phone;
    private readonly DeviceIdentity _laptop;

    public DeviceLists()
    {
        _phone = new Party("anna", _clock);
        _laptop = DeviceIdentity.Create(_phone.Account, new DeviceAddress("anna", "laptop"), _clock);
    }

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void A_list_reads_as_it_was_signed_by_ascending_device_id()
    {
        DeviceList list = Sign(_phone.Identity, _laptop);
        DeviceList read = DeviceList.Decode(list.Encode());
        read.Verify("anna", _phone.Account.PublicKey, Now);
        Assert.Equal(list, read);
        Assert.Equal(["laptop", "phone"], read.Devices.Select(device => device.Address.DeviceId));
        Assert.Equal(Now, read.SignedAt);
        Assert.Equal(Sha256.Hash(list.Encode()), read.Hash.ToArray());
        Assert.Equal(_laptop.Certificate, read.Find("laptop"));
        Assert.Null(read.Find("tablet"));
    }

    [Fact]
    public void A_changed_bit_anywhere_in_a_list_is_refused()
    {
        byte[] encoded = Sign(_phone.Identity, _laptop).Encode();
        for (int i = 0; i < encoded.Length; i++)
        {
            byte[] changed = [.. encoded];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => DeviceList.Decode(changed).VerifyFirstContact("anna", Now));
        }
    }

    /// <summary>Nobody but the account lets anybody wait for a list's time to come.</summary>
    [Fact]
    public void A_list_from_the_future_that_the_account_has_not_signed_is_refused_for_its_signature()
    {
        byte[] encoded = Sign(_phone.Identity, _laptop).Encode();
        Assert.Equal(E2EError.Expired, Refusal.Of(() => DeviceList.Decode(encoded).VerifyFirstContact("anna", Now.AddDays(-1))));
        encoded[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, Refusal.Of(() => DeviceList.Decode(encoded).VerifyFirstContact("anna", Now.AddDays(-1))));
    }

    [Fact]
    public void Every_truncation_and_every_extension_is_refused()
    {
        byte[] encoded = Sign(_phone.Identity).Encode();
        for (int length = 0; length < encoded.Length; length++)
        {
            Assert.Throws<E2EException>(() => DeviceList.Decode(encoded.AsSpan(0, length)));
        }

        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode([.. encoded, 0])));
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        Refusal.IsDocumented(() => DeviceList.Decode(bytes)) && Refusal.IsDocumented(() => DeviceList.Decode([1, .. bytes]));

    [Fact]
    public void The_number_only_rises_whatever_the_clock_does()
    {
        DeviceList first = Sign(_phone.Identity);
        Assert.Equal(Now.ToUnixTimeSeconds(), first.Number);
        Assert.Equal(first.Number + 1, Next(first).Number);
        _clock.Advance(TimeSpan.FromDays(-3652));
        Assert.Equal(first.Number + 1, Next(first).Number);
        _clock.Advance(TimeSpan.FromDays(3652 + 100));
        Assert.Equal(Now.ToUnixTimeSeconds(), Next(first).Number);
    }

    [Fact]
    public void A_list_signed_anew_without_the_previous_one_does_not_fall_behind()
    {
        DeviceList seen = Sign(_phone.Identity, _laptop);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Sign(_phone.Identity).CheckNotOlderThan(seen.Number, seen.Hash);
    }

    [Fact]
    public void An_older_list_shown_again_and_another_one_with_the_same_number_are_refused()
    {
        DeviceList old = Sign(_phone.Identity, _laptop);
        DeviceList seen = Next(old);
        seen.CheckNotOlderThan(seen.Number, seen.Hash);
        seen.CheckNotOlderThan(old.Number, old.Hash);
        Assert.Equal(E2EError.OutdatedDeviceList, Refusal.Of(() => old.CheckNotOlderThan(seen.Number, seen.Hash)));
        DeviceList fork = DeviceList.Sign(_phone.Account, [_phone.Identity.Certificate, _laptop.Certificate], old, _clock);
        Assert.Equal(seen.Number, fork.Number);
        Assert.Equal(E2EError.OutdatedDeviceList, Refusal.Of(() => fork.CheckNotOlderThan(seen.Number, seen.Hash)));
    }

    [Fact]
    public void A_removed_device_is_refused_by_the_newer_list_and_a_renewed_certificate_is_not()
    {
        DeviceList both = Sign(_phone.Identity, _laptop);
        DeviceList without = DeviceList.Sign(_phone.Account, [_phone.Identity.Certificate], both, _clock);
        both.CheckListed(_laptop.Certificate);
        Assert.Equal(E2EError.UnlistedDevice, Refusal.Of(() => without.CheckListed(_laptop.Certificate)));

        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate before = _phone.Identity.Certificate;
        DeviceCertificate renewed = _phone.Identity.Renew(_phone.Account, _clock);
        Assert.NotEqual(before, renewed);
        without.CheckListed(renewed);
    }

    [Fact]
    public void A_device_with_other_keys_under_a_listed_id_is_refused()
    {
        DeviceList list = Sign(_phone.Identity, _laptop);
        using DeviceIdentity rekeyed = _laptop.Rekey(_phone.Account, _clock);
        Assert.Equal(E2EError.UnlistedDevice, Refusal.Of(() => list.CheckListed(rekeyed.Certificate)));

        // Once the account lists the new keys, the old ones are refused: re-keying ends what was stolen.
        DeviceList next = DeviceList.Sign(_phone.Account, [_phone.Identity.Certificate, rekeyed.Certificate], list, _clock);
        next.CheckListed(rekeyed.Certificate);
        Assert.Equal(E2EError.UnlistedDevice, Refusal.Of(() => next.CheckListed(_laptop.Certificate)));
    }

    [Fact]
    public void Another_users_list_and_one_under_another_account_key_are_told_apart()
    {
        DeviceList list = Sign(_phone.Identity);
        var impostor = new Party("anna", _clock);
        DeviceList forged = DeviceList.Sign(impostor.Account, [impostor.Identity.Certificate], list, _clock);
        Assert.Equal(
            E2EError.AccountKeyChanged, Refusal.Of(() => forged.Verify("anna", _phone.Account.PublicKey, Now)));
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => list.Verify("bert", _phone.Account.PublicKey, Now)));
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => list.VerifyFirstContact("bert", Now)));
    }

    [Fact]
    public void A_list_from_a_clock_five_minutes_ahead_is_taken_and_from_further_ahead_refused()
    {
        DateTimeOffset now = Now;
        _clock.Advance(IdentityLimits.ClockTolerance);
        Sign(_phone.Identity).VerifyFirstContact("anna", now);
        _clock.Advance(TimeSpan.FromSeconds(1));
        DeviceList ahead = Sign(_phone.Identity);
        Assert.Equal(E2EError.Expired, Refusal.Of(() => ahead.VerifyFirstContact("anna", now)));

        // The account notices that its list is no good, and the next one is.
        Assert.True(ahead.IsRenewalDue(now));
    }

    [Fact]
    public void A_list_is_due_after_seven_days_and_worth_an_event_after_thirty()
    {
        DeviceList list = Sign(_phone.Identity);
        _clock.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.False(list.IsRenewalDue(Now));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(list.IsRenewalDue(Now));
        _clock.Advance(TimeSpan.FromDays(23));
        Assert.False(list.IsStale(Now));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(list.IsStale(Now));
        list.VerifyFirstContact("anna", Now);
    }

    [Fact]
    public void A_list_of_no_device_or_65_or_one_twice_or_anothers_is_not_signed()
    {
        DeviceCertificate phone = _phone.Identity.Certificate;
        var other = new Party("bert", _clock);
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(_phone.Account, [], null, _clock));
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(_phone.Account, [phone, phone], null, _clock));
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(_phone.Account, [phone, other.Identity.Certificate], null, _clock));
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(other.Account, [phone], null, _clock));
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(
            _phone.Account, [phone], DeviceList.Sign(other.Account, [other.Identity.Certificate], null, _clock), _clock));
        DeviceCertificate[] most = [.. Enumerable.Range(0, 65).Select(Device)];
        Assert.Throws<ArgumentException>(() => DeviceList.Sign(_phone.Account, most, null, _clock));
        DeviceList list = DeviceList.Sign(_phone.Account, most[..64], null, _clock);
        DeviceList.Decode(list.Encode()).VerifyFirstContact("anna", Now);
        Assert.True(list.Encode().Length <= DeviceList.MaxEncodedSize);
    }

    [Fact]
    public void A_list_out_of_order_or_with_anothers_device_does_not_decode_though_the_account_signed_it()
    {
        byte[] phone = _phone.Identity.Certificate.Encode();
        byte[] laptop = _laptop.Certificate.Encode();
        byte[] stranger = new Party("bert", _clock).Identity.Certificate.Encode();
        DeviceList.Decode(Raw(1, laptop, phone)).VerifyFirstContact("anna", Now);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode(Raw(1, phone, laptop))));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode(Raw(1, phone, phone))));
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => DeviceList.Decode(Raw(1, stranger))));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode(Raw(1))));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode(Raw(0, phone))));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => DeviceList.Decode(Raw(-1, phone))));
        Assert.Equal(
            E2EError.LimitExceeded,
            Refusal.Of(() => DeviceList.Decode(Raw(1, [.. Enumerable.Range(0, 65).Select(i => Device(i).Encode())]))));
    }

    [Fact]
    public void A_listed_certificate_that_does_not_verify_itself_is_refused_though_the_account_signed_the_list()
    {
        byte[] phone = _phone.Identity.Certificate.Encode();
        phone[^1] ^= 1;
        DeviceList list = DeviceList.Decode(Raw(1, phone));
        Assert.Equal(E2EError.InvalidSignature, Refusal.Of(() => list.VerifyFirstContact("anna", Now)));
        Assert.Equal(
            E2EError.InvalidSignature,
            Refusal.Of(() => DeviceList.Sign(_phone.Account, [DeviceCertificate.Decode(phone)], null, _clock)));
    }

    [Fact]
    public void After_the_last_number_no_list_is_signed()
    {
        DeviceList last = DeviceList.Decode(Raw(long.MaxValue, _phone.Identity.Certificate.Encode()));
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => Next(last)));
    }

    private DeviceList Sign(params DeviceIdentity[] devices) =>
        DeviceList.Sign(_phone.Account, devices.Select(device => device.Certificate), null, _clock);

    private DeviceList Next(DeviceList previous) =>
        DeviceList.Sign(_phone.Account, [_phone.Identity.Certificate], previous, _clock);

    private DeviceCertificate Device(int i) => DeviceCertificate.Issue(
        _phone.Account,
        new DeviceAddress("anna", $"device-{i:00}"),
        _phone.Identity.Certificate.IdentityKey,
        _phone.Identity.Certificate.SigningKey,
        _phone.Identity.Certificate.MlsKey,
        Now,
        Now.AddDays(1));

    /// <summary>A list of anything, signed by the account all the same.</summary>
    private byte[] Raw(long number, params byte[][] certificates)
    {
        List<byte> content = [1, 0, 4, .. "anna"u8, .. _phone.Account.PublicKey.Span];
        byte[] numbers = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(numbers, number);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(numbers.AsSpan(8), Now.ToUnixTimeSeconds());
        content.AddRange(numbers);
        content.Add((byte)certificates.Length);
        foreach (byte[] certificate in certificates)
        {
            content.AddRange([(byte)(certificate.Length >> 8), (byte)certificate.Length, .. certificate]);
        }

        byte[] signature = new byte[Ed25519KeyPair.SignatureSize];
        _phone.Account.Sign("PulseMeet-E2E v1 device list"u8, content.ToArray(), signature);
        return [.. content, .. signature];
    }
}
