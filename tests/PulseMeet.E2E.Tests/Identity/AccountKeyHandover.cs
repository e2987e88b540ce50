using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>Attack 47, for the account key itself: it goes to a listed device that asked for it, once, and to nobody else.</summary>
public sealed class AccountKeyHandover : IDisposable
{
    private readonly TestClock _clock = new();
    private readonly LinkLog _log = new();
    private readonly Ed25519KeyPair _account = Ed25519KeyPair.Generate();
    private readonly DeviceIdentity _phone;
    private readonly DeviceIdentity _laptop;
    private readonly DeviceList _devices;

    public AccountKeyHandover()
    {
        _phone = DeviceIdentity.Create(_account, new DeviceAddress("alice", "phone"), _clock);
        _laptop = DeviceIdentity.Create(_account, new DeviceAddress("alice", "laptop"), _clock);
        _devices = DeviceList.Sign(_account, [_phone.Certificate, _laptop.Certificate], null, _clock);
    }

    [Fact]
    public void A_listed_device_that_asked_gets_the_account_key_once()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        byte[] answer = Answer(request);
        using Ed25519KeyPair account = request.Complete(answer, _clock.GetUtcNow());
        Assert.True(account.FixedTimeEquals(_account));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => request.Complete(answer, _clock.GetUtcNow())));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => LinkKeyHandover.Read(request.ToArray(), _devices, _log, _clock.GetUtcNow())));
    }

    [Fact]
    public void A_removed_device_a_strangers_and_one_of_another_account_get_nothing()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        DeviceList without = DeviceList.Sign(_account, [_phone.Certificate], _devices, _clock);
        Assert.Equal(E2EError.UnlistedDevice, Refusal.Of(() => LinkKeyHandover.Read(request.ToArray(), without, _log, _clock.GetUtcNow())));

        using var evil = Ed25519KeyPair.Generate();
        using DeviceIdentity imposter = DeviceIdentity.Create(evil, new DeviceAddress("alice", "laptop"), _clock);
        using LinkKeyRequest forged = LinkKeyRequest.Create(imposter, _clock);
        Assert.Equal(E2EError.InvalidSignature, Refusal.Of(() => LinkKeyHandover.Read(forged.ToArray(), _devices, _log, _clock.GetUtcNow())));
        using DeviceIdentity bobs = DeviceIdentity.Create(evil, new DeviceAddress("bob", "laptop"), _clock);
        using LinkKeyRequest others = LinkKeyRequest.Create(bobs, _clock);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => LinkKeyHandover.Read(others.ToArray(), _devices, _log, _clock.GetUtcNow())));
    }

    /// <summary>The server changes the key that the answer is sealed to, so that it could open it.</summary>
    [Fact]
    public void No_changed_bit_of_a_request_is_answered()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        byte[] bytes = request.ToArray();
        for (int bit = 0; bit < bytes.Length * 8; bit += 3)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            _ = Refusal.Of(() => LinkKeyHandover.Read(changed, _devices, _log, _clock.GetUtcNow()));
        }
    }

    [Fact]
    public void No_changed_bit_of_an_answer_is_taken_and_the_right_one_still_is()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        byte[] answer = Answer(request);
        for (int bit = 0; bit < answer.Length * 8; bit++)
        {
            byte[] changed = [.. answer];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            _ = Refusal.Of(() => request.Complete(changed, _clock.GetUtcNow()));
        }

        request.Complete(answer, _clock.GetUtcNow()).Dispose();
    }

    /// <summary>The server answers with a key of its own, sealed correctly: whoever took it would sign lists for the server.</summary>
    [Fact]
    public void Another_accounts_key_is_refused()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        using var evil = Ed25519KeyPair.Generate();
        var (_, answerKey, _) = LinkKeyPayload.Read(request.ToArray(), _devices);
        byte[] answer = LinkKeyPayload.SealAnswer(request.ToArray(), answerKey, evil);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => request.Complete(answer, _clock.GetUtcNow())));
        LinkKeyHandover handover = LinkKeyHandover.Read(request.ToArray(), _devices, _log, _clock.GetUtcNow());
        Assert.Throws<ArgumentException>(() => handover.Seal(evil, _devices, _log, _clock.GetUtcNow()));
    }

    [Fact]
    public void A_request_that_is_too_old_is_refused_on_both_sides()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        byte[] answer = Answer(request);
        _clock.Advance(LinkRequest.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => request.Complete(answer, _clock.GetUtcNow())));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => LinkKeyHandover.Read(request.ToArray(), _devices, new LinkLog(), _clock.GetUtcNow())));
    }

    [Fact]
    public void A_device_that_is_removed_or_a_request_that_ages_while_the_user_is_asked_gets_nothing()
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        LinkKeyHandover handover = LinkKeyHandover.Read(request.ToArray(), _devices, _log, _clock.GetUtcNow());
        DeviceList without = DeviceList.Sign(_account, [_phone.Certificate], _devices, _clock);
        Assert.Equal(E2EError.UnlistedDevice, Refusal.Of(() => handover.Seal(_account, without, _log, _clock.GetUtcNow())));
        _clock.Advance(LinkRequest.Lifetime + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.LinkRefused, Refusal.Of(() => handover.Seal(_account, _devices, _log, _clock.GetUtcNow())));
        Assert.False(_log.Has(LinkKeyPayload.IdOf(request.ToArray())));
    }

    [Property(MaxTest = 300)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes)
    {
        using LinkKeyRequest request = LinkKeyRequest.Create(_laptop, _clock);
        return Refusal.IsDocumented(() => LinkKeyHandover.Read(bytes, _devices, _log, _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => request.Complete(bytes, _clock.GetUtcNow()))
            && Refusal.IsDocumented(() => request.Complete([.. request.ToArray().AsSpan(0, 17), .. bytes], _clock.GetUtcNow()));
    }

    public void Dispose()
    {
        _phone.Dispose();
        _laptop.Dispose();
        _account.Dispose();
    }

    private byte[] Answer(LinkKeyRequest request) =>
        LinkKeyHandover.Read(request.ToArray(), _devices, _log, _clock.GetUtcNow()).Seal(_account, _devices, _log, _clock.GetUtcNow());
}
