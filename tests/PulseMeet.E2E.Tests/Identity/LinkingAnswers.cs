using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>Attack 47: whoever has seen the payload may answer it; what they say is checked all the same, each part by itself.</summary>
public sealed class LinkingAnswers : IDisposable
{
    private static readonly DeviceAddress s_laptop = new("alice", "laptop");

    private readonly TestClock _clock = new();
    private readonly Ed25519KeyPair _account = Ed25519KeyPair.Generate();
    private readonly LinkRequest _request;
    private readonly LinkPayload _payload;
    private readonly DeviceCertificate _good;

    public LinkingAnswers()
    {
        _request = LinkRequest.Create(s_laptop, _clock);
        _payload = LinkPayload.Parse(_request.Payload);
        _good = Issue();
    }

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void A_certificate_for_another_name_or_any_other_key_is_refused()
    {
        using X25519KeyPair curve = X25519KeyPair.Generate();
        using Ed25519KeyPair edwards = Ed25519KeyPair.Generate();
        DeviceCertificate[] others =
        [
            Issue(address: new("alice", "tablet")), Issue(address: new("bob", "laptop")), Issue(identityKey: curve.PublicKey),
            Issue(signingKey: edwards.PublicKey), Issue(mlsKey: edwards.PublicKey),
        ];
        Assert.All(others, other => Assert.Equal(E2EError.WrongIdentity, Complete(other, List(other))));
        Completes(_good, List(_good));
    }

    [Fact]
    public void A_certificate_that_does_not_verify_or_is_not_valid_is_refused_and_one_from_five_minutes_ahead_is_taken()
    {
        byte[] broken = _good.Encode();
        broken[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, Complete(DeviceCertificate.Decode(broken), List(_good)));
        DeviceCertificate over = Issue(notBefore: Now.AddDays(-2), notAfter: Now.AddMinutes(-6));
        Assert.Equal(E2EError.Expired, Complete(over, List(over)));
        DeviceCertificate future = Issue(notBefore: Now.AddMinutes(5).AddSeconds(1));
        Assert.Equal(E2EError.Expired, Complete(future, List(future)));
        DeviceCertificate ahead = Issue(notBefore: Now.AddMinutes(5));
        Completes(ahead, List(ahead));
    }

    [Fact]
    public void A_list_of_another_user_or_account_that_does_not_verify_or_lacks_the_device_is_refused()
    {
        using Ed25519KeyPair evil = Ed25519KeyPair.Generate();
        DeviceCertificate bobs = Issue(address: new("bob", "laptop"));
        Assert.Equal(E2EError.WrongIdentity, Complete(_good, List(bobs)));
        DeviceCertificate evils = Issue(account: evil);
        Assert.Equal(E2EError.AccountKeyChanged, Complete(_good, DeviceList.Sign(evil, [evils], null, _clock)));
        byte[] broken = List(_good).Encode();
        broken[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, Complete(_good, DeviceList.Decode(broken)));
        Assert.Equal(E2EError.UnlistedDevice, Complete(_good, List(Issue(address: new("alice", "phone")))));
        Completes(_good, List(_good));
    }

    [Fact]
    public void An_answer_with_something_behind_its_content_or_too_short_for_one_is_malformed()
    {
        byte[] certificate = _good.Encode();
        byte[] list = List(_good).Encode();
        byte[] content = [(byte)(certificate.Length >> 8), (byte)certificate.Length, .. certificate, 0, 0, (byte)(list.Length >> 8), (byte)list.Length, .. list];
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => _request.Complete(Answer([.. content, 0]), Now)));
        byte[] empty = [1, .. _payload.Id, .. new byte[Hpke.Overhead + 32]];
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => _request.Complete(empty, Now)));
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => _request.Complete(empty.AsSpan(0, empty.Length - 1), Now)));
        _request.Complete(Answer(content), Now).Identity.Dispose();
    }

    [Fact]
    public void A_list_of_another_user_or_another_account_is_no_list_to_approve_a_device_with()
    {
        var log = new LinkLog();
        using Ed25519KeyPair evil = Ed25519KeyPair.Generate();
        LinkApproval approval = LinkApproval.Read(_request.Payload, "alice", log, Now);
        DeviceList bobs = List(Issue(address: new("bob", "phone")));
        DeviceList evils = DeviceList.Sign(evil, [Issue(address: new("alice", "phone"), account: evil)], null, _clock);
        Assert.Equal("devices", Assert.Throws<ArgumentException>(() => approval.Approve(_account, bobs, log, _clock)).ParamName);
        Assert.Equal("devices", Assert.Throws<ArgumentException>(() => approval.Approve(_account, evils, log, _clock)).ParamName);
        Assert.Equal(0, log.Count);
        LinkAnswer answer = approval.Approve(_account, List(Issue(address: new("alice", "phone"))), log, _clock);
        Assert.Equal(answer.Certificate, answer.Devices.Find("laptop"));
        Assert.Equal(_payload.IdentityKey, answer.Certificate.IdentityKey);
    }

    [Fact]
    public void A_request_is_good_to_the_second_ten_minutes_long_and_from_five_minutes_ahead()
    {
        foreach ((TimeSpan age, bool isGood) in new[]
            {
                (TimeSpan.FromMinutes(10), true), (TimeSpan.FromMinutes(10) + TimeSpan.FromTicks(1), false),
                (TimeSpan.FromMinutes(-5), true), (TimeSpan.FromMinutes(-5) - TimeSpan.FromTicks(1), false),
            })
        {
            Exception? refused = Record.Exception(() => LinkLifetime.Check(Now, Now + age));
            Assert.Equal(isGood ? E2EError.None : E2EError.LinkRefused, (refused as E2EException)?.Reason ?? E2EError.None);
        }
    }

    [Fact]
    public void A_request_and_its_stored_form_zero_every_private_key_with_them()
    {
        _request.ThrowIfDisposed();
        byte[] state = _request.Serialize();
        byte[] keys = state[2..(2 + (4 * 32))];
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LinkRequest.Deserialize([.. state, 0])));
        byte[] mixed = [.. state];
        mixed[3] ^= 1;
        using (var zeroed = new ZeroedMemory())
        {
            Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => LinkRequest.Deserialize(mixed)));
            Assert.All(Enumerable.Range(1, 3), i => Assert.True(zeroed.Saw(keys.AsSpan(32 * i, 32))));
        }

        using (var zeroed = new ZeroedMemory())
        {
            _request.Dispose();
            Assert.All(Enumerable.Range(0, 4), i => Assert.True(zeroed.Saw(keys.AsSpan(32 * i, 32))));
        }

        Assert.Throws<ObjectDisposedException>(_request.ThrowIfDisposed);
    }

    [Fact]
    public void A_log_reads_as_it_was_written_up_to_its_capacity_and_keeps_an_id_for_a_quarter_of_an_hour()
    {
        var log = new LinkLog();
        for (byte i = 0; i < LinkLog.Capacity; i++)
        {
            log.Add([.. Enumerable.Repeat(i, 16)], Now);
        }

        byte[] encoded = log.Encode();
        Assert.Equal(encoded, LinkLog.Decode(encoded).Encode());
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => LinkLog.Decode([.. encoded, 0])));
        byte[] longer = [1, LinkLog.Capacity + 1, .. encoded.AsSpan(2), .. new byte[24]];
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => LinkLog.Decode(longer)));
        var few = new LinkLog();
        few.Add(new byte[16], Now);
        few.Add([.. Enumerable.Repeat((byte)1, 16)], Now + LinkRequest.Lifetime + IdentityLimits.ClockTolerance);
        Assert.Equal(2, few.Count);
        few.Add([.. Enumerable.Repeat((byte)2, 16)], Now + LinkRequest.Lifetime + IdentityLimits.ClockTolerance + TimeSpan.FromSeconds(1));
        Assert.Equal(2, few.Count);
    }

    public void Dispose()
    {
        _request.Dispose();
        _account.Dispose();
    }

    private DeviceCertificate Issue(
        DeviceAddress? address = null,
        X25519PublicKey? identityKey = null,
        Ed25519PublicKey? signingKey = null,
        Ed25519PublicKey? mlsKey = null,
        Ed25519KeyPair? account = null,
        DateTimeOffset? notBefore = null,
        DateTimeOffset? notAfter = null) => DeviceCertificate.Issue(
            account ?? _account,
            address ?? s_laptop,
            identityKey ?? _payload.IdentityKey,
            signingKey ?? _payload.SigningKey,
            mlsKey ?? _payload.MlsKey,
            notBefore ?? Now,
            notAfter ?? Now.AddDays(1));

    private DeviceList List(params DeviceCertificate[] devices) => DeviceList.Sign(_account, devices, null, _clock);

    private E2EError Complete(DeviceCertificate certificate, DeviceList list) =>
        Refusal.Of(() => _request.Complete(LinkAnswerSeal.Seal(_payload, certificate, list), Now));

    /// <summary>In a copy of the request, so that the next answer may be tried, too.</summary>
    private void Completes(DeviceCertificate certificate, DeviceList list)
    {
        using LinkRequest copy = LinkRequest.Deserialize(_request.Serialize());
        LinkedDevice linked = copy.Complete(LinkAnswerSeal.Seal(_payload, certificate, list), Now);
        Assert.Equal(certificate, linked.Identity.Certificate);
        linked.Identity.Dispose();
    }

    /// <summary>Any content, sealed and authenticated as one who has seen the payload can.</summary>
    private byte[] Answer(byte[] content)
    {
        ReadOnlySpan<byte> label = "PulseMeet-E2E v1 link answer"u8;
        byte[] answer = [1, .. _payload.Id, .. Hpke.Seal(_payload.AnswerKey, label, _payload.Hash, content)];
        byte[] tag = new byte[32];
        HashFunction.Sha256.Mac(_payload.Secret, LabelledContent.Of(label, [.. _payload.Hash, .. answer]), tag);
        return [.. answer, .. tag];
    }
}
