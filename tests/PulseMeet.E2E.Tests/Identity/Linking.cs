using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>Attack 47: a linking payload or answer that is replayed, shown to the wrong device, too old, or changed gives no certificate
/// and no key.</summary>
public sealed class Linking : IDisposable
{
    private static readonly DeviceAddress s_laptop = new("alice", "laptop");

    private readonly TestClock _clock = new();
    private readonly LinkLog _log = new();
    private readonly Ed25519KeyPair _account = Ed25519KeyPair.Generate();
    private readonly DeviceIdentity _phone;
    private readonly DeviceList _devices;

    public Linking()
    {
        _phone = DeviceIdentity.Create(_account, new DeviceAddress("alice", "phone"), _clock);
        _devices = DeviceList.Sign(_account, [_phone.Certificate], null, _clock);
    }

    [Fact]
    public void A_new_device_gets_a_certificate_for_its_own_keys_and_the_new_list()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        LinkAnswer answer = Approve(request);
        LinkedDevice linked = request.Complete(answer.ToArray(), _clock.GetUtcNow());
        using DeviceIdentity laptop = linked.Identity;
        Assert.Equal(s_laptop, laptop.Address);
        Assert.Equal(_account.PublicKey, laptop.Certificate.AccountKey);
        Assert.Equal(answer.Devices, linked.Devices);
        Assert.Equal(["laptop", "phone"], linked.Devices.Devices.Select(device => device.Address.DeviceId));
        Assert.True(linked.Devices.Number > _devices.Number);
        Assert.Equal(request.CopyId(), answer.CopyRequestId());
        Assert.InRange(answer.ToArray().Length, 1, RelayLimits.MaxLinkAnswerSize);
        using DeviceIdentity stored = DeviceIdentity.Deserialize(laptop.Serialize());
        Assert.Equal(laptop.Certificate, stored.Certificate);
    }

    [Fact]
    public void The_payload_fits_a_qr_code_in_alphanumeric_mode()
    {
        using LinkRequest request = LinkRequest.Create(new(new string('u', 64), new string('d', 64)), _clock);
        Assert.Matches("^[0-9A-Z]+$", request.Payload);
        Assert.InRange(request.Payload.Length, 1, 1000); // Version 25 at the lowest error correction holds 1,853 such characters.
    }

    [Fact]
    public void A_request_survives_a_restart_and_is_then_answered_once()
    {
        LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        byte[] answer = Approve(request).ToArray();
        byte[] state = request.Serialize();
        request.Dispose();
        using LinkRequest restarted = LinkRequest.Deserialize(state);
        using DeviceIdentity laptop = restarted.Complete(answer, _clock.GetUtcNow()).Identity;
        using LinkRequest again = LinkRequest.Deserialize(restarted.Serialize());
        Assert.True(again.IsCompleted);
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => again.Complete(answer, _clock.GetUtcNow())));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => restarted.Complete(answer, _clock.GetUtcNow())));
    }

    [Fact]
    public void A_payload_that_was_answered_is_refused_also_after_the_device_was_removed_and_the_approver_restarted()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        _ = Approve(request);
        LinkLog restarted = LinkLog.Decode(_log.Encode());
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => LinkApproval.Read(request.Payload, "alice", restarted, _clock.GetUtcNow())));
    }

    [Fact]
    public void A_payload_that_was_read_twice_before_it_was_answered_is_answered_once()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        LinkApproval first = LinkApproval.Read(request.Payload, "alice", _log, _clock.GetUtcNow());
        LinkApproval second = LinkApproval.Read(request.Payload, "alice", _log, _clock.GetUtcNow());
        _ = first.Approve(_account, _devices, _log, _clock);
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => second.Approve(_account, _devices, _log, _clock)));
    }

    [Fact]
    public void A_payload_shown_to_another_users_device_is_refused()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => LinkApproval.Read(request.Payload, "bob", _log, _clock.GetUtcNow())));
    }

    [Fact]
    public void An_answer_given_to_another_device_is_refused()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        using LinkRequest other = LinkRequest.Create(s_laptop, _clock);
        byte[] answer = Approve(request).ToArray();
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => other.Complete(answer, _clock.GetUtcNow())));
        other.CopyId().CopyTo(answer.AsSpan(1));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => other.Complete(answer, _clock.GetUtcNow())));
    }

    [Fact]
    public void A_request_that_is_too_old_or_from_a_clock_far_ahead_is_refused_on_both_sides()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        LinkApproval read = LinkApproval.Read(request.Payload, "alice", _log, _clock.GetUtcNow());
        byte[] answer = Approve(request).ToArray();
        DateTimeOffset ahead = _clock.GetUtcNow() - IdentityLimits.ClockTolerance - TimeSpan.FromSeconds(2);
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => LinkApproval.Read(request.Payload, "alice", new LinkLog(), ahead)));
        _clock.Advance(LinkRequest.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => LinkApproval.Read(request.Payload, "alice", new LinkLog(), _clock.GetUtcNow())));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => read.Approve(_account, _devices, new LinkLog(), _clock)));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => request.Complete(answer, _clock.GetUtcNow())));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-2)]
    public void Clocks_two_minutes_apart_link_all_the_same(int minutes)
    {
        var other = new TestClock();
        other.Advance(TimeSpan.FromMinutes(minutes));
        using LinkRequest request = LinkRequest.Create(s_laptop, other);
        using DeviceIdentity laptop = request.Complete(Approve(request).ToArray(), other.GetUtcNow()).Identity;
        Assert.Equal(s_laptop, laptop.Address);
    }

    [Fact]
    public void No_changed_bit_of_an_answer_completes_a_request_and_the_right_one_still_does()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        byte[] answer = Approve(request).ToArray();
        for (int bit = 0; bit < answer.Length * 8; bit++)
        {
            byte[] changed = [.. answer];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            E2EError reason = Refusal.Of(() => request.Complete(changed, _clock.GetUtcNow()));
            Assert.Equal(bit < 8 ? E2EError.UnsupportedVersion : bit < 17 * 8 ? E2EError.LinkRefused : E2EError.NotAuthentic, reason);
        }

        request.Complete(answer, _clock.GetUtcNow()).Identity.Dispose();
    }

    /// <summary>The relay knows every public key and makes an account of its own; it has not seen the payload's secret.</summary>
    [Fact]
    public void An_answer_by_a_relay_with_an_account_of_its_own_is_refused()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        using LinkRequest seen = LinkRequest.Deserialize(request.Serialize());
        LinkPayload payload = LinkPayload.Parse(request.Payload);
        using var evil = Ed25519KeyPair.Generate();
        DeviceCertificate certificate = DeviceCertificate.Issue(
            evil, s_laptop, payload.IdentityKey, payload.SigningKey, payload.MlsKey, _clock.GetUtcNow(), _clock.GetUtcNow().AddDays(1));
        DeviceList list = DeviceList.Sign(evil, [certificate], null, _clock);

        // With the secret it would be taken: the secret is what keeps the relay out.
        seen.Complete(LinkAnswerSeal.Seal(payload, certificate, list), _clock.GetUtcNow()).Identity.Dispose();
        byte[] guessed = LinkAnswerSeal.Seal(payload, certificate, list);
        System.Security.Cryptography.HMACSHA256.HashData(new byte[32], guessed.AsSpan(0, guessed.Length - 32), guessed.AsSpan(guessed.Length - 32));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => request.Complete(guessed, _clock.GetUtcNow())));
    }

    [Fact]
    public void A_changed_payload_is_refused_by_its_own_signature()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        byte[] payload = LinkPayload.Parse(request.Payload).Encoded.ToArray();
        for (int bit = 8; bit < payload.Length * 8; bit += 5)
        {
            byte[] changed = [.. payload];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            char[] text = new char[CrockfordBase32.LengthOf(changed.Length)];
            CrockfordBase32.Write(changed, text);
            E2EError reason = Refusal.Of(() => LinkApproval.Read("PML" + new string(text), "alice", _log, _clock.GetUtcNow()));
            Assert.Contains(reason, new[] { E2EError.InvalidSignature, E2EError.InvalidPublicKey, E2EError.InvalidEncoding });
        }
    }

    [Fact]
    public void Nobody_takes_a_listed_devices_place_and_the_65th_device_is_refused()
    {
        using LinkRequest request = LinkRequest.Create(new("alice", "phone"), _clock);
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => Approve(request)));

        DeviceCertificate[] full =
        [
            .. Enumerable.Range(0, IdentityLimits.MaxDevices).Select(i =>
            {
                using DeviceIdentity device = DeviceIdentity.Create(_account, new("alice", $"device {i}"), _clock);
                return device.Certificate;
            }),
        ];
        using LinkRequest another = LinkRequest.Create(s_laptop, _clock);
        DeviceList list = DeviceList.Sign(_account, full, _devices, _clock);
        LinkApproval approval = LinkApproval.Read(another.Payload, "alice", _log, _clock.GetUtcNow());
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => approval.Approve(_account, list, _log, _clock)));
        Assert.Equal(0, _log.Count);
    }

    [Fact]
    public void The_longest_answer_is_within_the_relays_bound()
    {
        DeviceCertificate[] devices =
        [
            .. Enumerable.Range(0, IdentityLimits.MaxDevices - 1).Select(i =>
            {
                using DeviceIdentity device = DeviceIdentity.Create(_account, new(new string('u', 64), $"{i:D64}"), _clock);
                return device.Certificate;
            }),
        ];
        DeviceList list = DeviceList.Sign(_account, devices, null, _clock);
        using LinkRequest request = LinkRequest.Create(new(new string('u', 64), new string('x', 64)), _clock);
        LinkAnswer answer = LinkApproval.Read(request.Payload, new string('u', 64), _log, _clock.GetUtcNow())
            .Approve(_account, list, _log, _clock);
        Assert.InRange(answer.ToArray().Length, 1, RelayLimits.MaxLinkAnswerSize);
        request.Complete(answer.ToArray(), _clock.GetUtcNow()).Identity.Dispose();
    }

    [Fact]
    public void A_log_that_is_full_drops_the_oldest_and_what_is_too_old_to_be_shown_again()
    {
        foreach (int i in Enumerable.Range(0, LinkLog.Capacity + 3))
        {
            _log.Add([.. Enumerable.Repeat((byte)i, 16)], _clock.GetUtcNow());
        }

        Assert.Equal(LinkLog.Capacity, _log.Count);
        Assert.False(_log.Has([.. Enumerable.Repeat((byte)2, 16)]));
        Assert.True(_log.Has([.. Enumerable.Repeat((byte)3, 16)]));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => _log.Add([.. Enumerable.Repeat((byte)3, 16)], _clock.GetUtcNow())));
        _clock.Advance(TimeSpan.FromMinutes(16));
        _log.Add(new byte[16], _clock.GetUtcNow());
        Assert.Equal(1, _log.Count);
    }

    [Property(MaxTest = 500)]
    public bool Arbitrary_bytes_and_text_are_refused_with_a_reason(byte[] bytes, string? text)
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        return Refusal.IsDocumented(() => LinkApproval.Read(text, "alice", _log, _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => LinkApproval.Read("PML" + text, "alice", _log, _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => request.Complete(bytes, _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => request.Complete([1, .. request.CopyId(), .. bytes], _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => LinkRequest.Deserialize(bytes))
            && Refusal.IsDocumented(() => LinkRequest.Deserialize([1, 0, .. bytes]))
            && Refusal.IsDocumented(() => LinkLog.Decode(bytes));
    }

    [Fact]
    public void A_stored_request_with_keys_of_another_one_is_refused()
    {
        using LinkRequest request = LinkRequest.Create(s_laptop, _clock);
        byte[] state = request.Serialize();
        foreach (int key in Enumerable.Range(0, 4))
        {
            byte[] changed = [.. state];
            changed[2 + (32 * key) + 1] ^= 1;
            Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => LinkRequest.Deserialize(changed)));
        }
    }

    public void Dispose()
    {
        _phone.Dispose();
        _account.Dispose();
    }

    private LinkAnswer Approve(LinkRequest request) =>
        LinkApproval.Read(request.Payload, "alice", _log, _clock.GetUtcNow()).Approve(_account, _devices, _log, _clock);
}
